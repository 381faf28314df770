import pytest
import tensorflow as tf

from components.ingest.config import IngestConfig
from components.ingest.encode import EncodedRow, RowEncoder, serialize_example
from components.ingest.formats.base import Rejection, Row, SourceFile


def encoder(task, split="train", **config):
    columns = {"text": 0, "label": 1}
    file = SourceFile(split=split, path="/a.tsv", name="a.tsv", format="tsv", columns=columns)
    return RowEncoder(file, IngestConfig(train="a.tsv", **config), task)


def row(text="a film", label="1", **values):
    return Row(7, {"text": text, "label": label, **values}, b"raw")


def features(example):
    return {
        key: list(getattr(feature, feature.WhichOneof("kind")).value)
        for key, feature in tf.train.Example.FromString(example).features.feature.items()
    }


def test_a_row_becomes_the_raw_features_of_the_task_and_its_place(task):
    encoded = encoder(task).encode(row(channel="mail"))
    assert isinstance(encoded, EncodedRow)
    assert features(encoded.example) == {
        "text": [b"a film"],
        "label": [b"1"],
        "label_id": [1],
        "length_bucket": [b"1-8"],
        "channel": [b"mail"],
        "row_id": [b"a.tsv:7"],
    }
    assert (encoded.line, encoded.labels) == (7, ("1",))


@pytest.mark.parametrize(
    ("values", "reason", "message"),
    [
        ({"text": " "}, "empty_text", "must hold a character"),
        ({"label": "2"}, "unknown_label", "one of 0, 1; received '2'"),
        ({"text": "a\0b"}, "nul", "text must not hold NUL"),
        ({"text": "x" * 21}, "too_long", "not be longer than 20 characters; received 21"),
        ({"text": ["a", "b"]}, "invalid_value", "text must be one value; received 2: ['a', 'b']"),
    ],
)
def test_a_row_that_breaks_a_rule_is_rejected(task, values, reason, message):
    rejection = encoder(task, max_text_length=20).encode(row(**values))
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason, rejection.raw) == (7, reason, b"raw")
    assert message in rejection.message


def test_rows_of_a_group_go_to_one_side(task):
    split_by_author = encoder(task, group_by="author", eval_fraction=0.5)
    sides = {
        author: {
            split_by_author.encode(row(text=f"film {number}", author=author)).split
            for number in range(20)
        }
        for author in "abcdefgh"
    }
    assert all(len(side) == 1 for side in sides.values())
    assert set().union(*sides.values()) == {"train", "eval"}


@pytest.mark.parametrize(("columns", "is_feature"), [({}, False), ({"author": "author"}, True)])
def test_what_is_only_split_by_is_no_feature(task, columns, is_feature):
    encoded = encoder(task, group_by="author", columns=columns).encode(row(author="a"))
    assert ("author" in features(encoded.example)) is is_feature


def test_a_row_without_a_group_is_rejected(task):
    rejection = encoder(task, group_by="author").encode(row())
    assert rejection.reason == "missing_column"
    assert "author, the column of ingest.group_by" in rejection.message


def test_the_group_does_not_matter_where_eval_is_given(task):
    assert encoder(task, group_by="author", eval="b.tsv").encode(row()).split == "train"


def test_a_row_without_a_needed_value_is_rejected(task):
    rejection = encoder(task).encode(Row(7, {"text": "a"}, b"raw"))
    assert (rejection.reason, rejection.message) == (
        "missing_column",
        "a row must have a value for label; received none",
    )


def test_a_slice_column_may_be_longer_than_a_text(task):
    assert isinstance(encoder(task, max_text_length=20).encode(row(note="x" * 50)), EncodedRow)


def test_an_error_that_is_no_row_error_is_not_swallowed(task, monkeypatch):
    def broken(_):
        raise KeyError("bug")

    monkeypatch.setattr(task, "encode_row", broken)
    with pytest.raises(KeyError, match="bug"):
        encoder(task).encode(row())


@pytest.mark.parametrize("other", ["a  FILM", " a film "])
def test_texts_that_the_task_takes_for_the_same_have_the_same_digest_and_split(task, other):
    first, second = (encoder(task).encode(row(text)) for text in ("a film", other))
    assert first.text_digest == second.text_digest
    assert first.split == second.split


def test_the_digest_of_the_target_depends_on_the_label(task):
    first, same, other = (encoder(task).encode(row(label=label)) for label in "110")
    assert first.target_digest == same.target_digest != other.target_digest


def test_about_the_wanted_share_goes_to_eval(task):
    splits = [encoder(task, eval_fraction=0.2).encode(row(f"text {i}")).split for i in range(2000)]
    assert 0.17 < splits.count("eval") / len(splits) < 0.23


@pytest.mark.parametrize(("split", "config"), [("train", {"eval": "b.tsv"}), ("test", {})])
def test_rows_of_files_that_have_a_split_stay_in_it(task, split, config):
    rows = [
        encoder(task, split, eval_fraction=0.8, **config).encode(row(f"t {i}")) for i in range(50)
    ]
    assert {encoded.split for encoded in rows} == {split}


def test_values_of_every_kind_are_serialized():
    example = serialize_example({"b": b"x", "i": 3, "f": 0.5, "many": [1, 2], "none": []})
    stored = tf.train.Example.FromString(example).features.feature
    assert stored["b"].bytes_list.value == [b"x"]
    assert stored["i"].int64_list.value == [3]
    assert stored["f"].float_list.value == [0.5]
    assert stored["many"].int64_list.value == [1, 2]
    assert stored["none"].WhichOneof("kind") is None


def test_the_order_of_the_features_does_not_change_the_bytes():
    assert serialize_example({"a": 1, "b": 2}) == serialize_example({"b": 2, "a": 1})
