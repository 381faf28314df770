"""The profile of the training data, and what is taken of rows and of the request log."""

from itertools import pairwise

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from components.drift.features import OTHER_PIECE, TextFeatures
from components.drift.profile import PIECES_KEPT, make_profile, read_profile
from components.drift.rows import Row, row_of_example, rows_of_log, sample
from schemas import features as keys
from schemas.errors import UserError
from serving.gateway.redaction import remove_text
from tests.serving.tiny_examples import make_row, serialize
from tests.serving.tiny_models import LABELS


def test_the_features_of_a_text(vocabulary):
    batch = TextFeatures(vocabulary).batch([Row({"text": "The film ☃".encode()}, b"good")])
    row = batch.to_pylist()[0]
    assert row["text.words"] == [3]
    assert row["text.num_pieces"] == [len(row["text.pieces"])]
    assert row["text.unknown_rate"] == [pytest.approx(1 / len(row["text.pieces"]))]
    assert row["text.pieces"][0].decode() == "▁the"
    assert row["label"] == [b"good"]


def test_a_text_that_was_not_kept_has_its_number_of_words_alone(vocabulary):
    removed = remove_text()("a good day").encode()
    batch = TextFeatures(vocabulary).batch([Row({"text": removed}), Row({"text": b"the film"})])
    first, second = batch.to_pylist()
    assert first["text.words"] == [3]
    assert [first[f"text.{name}"] for name in ("pieces", "num_pieces", "unknown_rate")] == [
        None
    ] * 3
    assert second["text.num_pieces"] == [2]
    assert first["label"] is None


def test_an_empty_text_has_no_pieces(vocabulary):
    (row,) = TextFeatures(vocabulary).batch([Row({"text": b""})]).to_pylist()
    assert (row["text.words"], row["text.num_pieces"], row["text.pieces"]) == ([0], [0], [])
    assert row["text.unknown_rate"] == [0.0]


def test_rare_pieces_are_one(vocabulary):
    batch = TextFeatures(vocabulary, frozenset(["▁the"])).batch([Row({"text": b"the film"})])
    pieces = batch.to_pylist()[0]["text.pieces"]
    assert pieces == [b"\xe2\x96\x81the"] + [OTHER_PIECE.encode()] * (len(pieces) - 1)


def test_a_profile_is_read_as_it_was_written(vocabulary, tmp_path):
    rows = [Row({"text": b"the film was fine", "title": b"fine"}, b"good")] * 3
    profile = make_profile(rows, vocabulary)
    profile.write(tmp_path)
    assert read_profile(tmp_path) == profile
    assert profile.inputs == ("text", "title")
    assert "▁the" in profile.known_pieces
    assert len(profile.known_pieces) <= PIECES_KEPT + 1


def test_a_version_without_a_profile_is_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"must hold the profile of its training data, and has none"
    ):
        read_profile(tmp_path)


def test_a_damaged_profile_is_refused(vocabulary, tmp_path):
    make_profile([Row({"text": b"the film"})], vocabulary).write(tmp_path)
    (tmp_path / "assets.extra" / "training_profile" / "statistics.pb").write_bytes(b"\xff\xff")
    with pytest.raises(UserError, match="cannot be read"):
        read_profile(tmp_path)


def predict_log(signature="", labels=(), **inputs):
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = signature
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    if labels:
        log.predict_log.response.outputs["label"].CopyFrom(tf.make_tensor_proto(list(labels)))
    return log


def test_every_text_of_a_request_is_a_row():
    log = predict_log(text=[b"a", b"b"], labels=[b"bad", b"good"])
    assert list(rows_of_log(log, ["text"])) == [
        Row({"text": b"a"}, b"bad"),
        Row({"text": b"b"}, b"good"),
    ]


def test_examples_in_a_request_are_rows():
    examples = [serialize(make_row(1, "a good day", LABELS[1]))]
    log = predict_log(keys.EXAMPLES_SIGNATURE, examples=examples)
    assert list(rows_of_log(log, ["text"])) == [Row({"text": b"a good day"})]


def test_other_calls_and_other_inputs_have_no_rows():
    log = prediction_log_pb2.PredictionLog()
    log.classify_log.request.model_spec.name = "reviews"
    assert not list(rows_of_log(log, ["text"]))
    assert not list(rows_of_log(predict_log(other=[b"a"]), ["text"]))


def test_the_row_of_an_example():
    row = row_of_example(serialize(make_row(1, "a good day", LABELS[1])), ["text", "text_pair"])
    assert row == Row({"text": b"a good day"}, LABELS[1].encode())


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (3, 3), (7, 7), (8, 4), (1000, 4)])
def test_a_sample_is_spread_over_all_rows(count, expected):
    kept = sample(range(count), 4)
    assert len(kept) == expected
    assert len({second - first for first, second in pairwise(kept)}) <= 1
