import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from models.tagging.training import NO_TAG
from models.tasks import create_task
from models.tasks.base import RowError
from schemas import features as keys
from schemas.errors import UserError
from tests.models.tasks.tagged import (
    ENTITIES,
    LONG,
    LONG_ENTITIES,
    TASK,
    TEXTS,
    build,
    padded,
    transformed,
)


@pytest.fixture
def task():
    return create_task(TASK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"types": []}, "at least 1 item"),
        ({"types": ["a", "a"]}, r"must be unique; received \['a', 'a'\]"),
        ({"types": ["a b"]}, "no white space"),
        ({"types": [""]}, "must have text"),
        ({"types": ["none"]}, "must not be named 'none'"),
        ({"types": ["a"], "scheme": "bio"}, "iob"),
        ({"types": ["a"], "tags": ["O", "B-a", "B-b"]}, r"types that are declared; .*\['b'\]"),
        ({"types": ["a"], "labels": ["O"]}, "Extra inputs"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValidationError, match=message):
        create_task({"name": "tagging", **options})


def test_labels_are_the_tags_in_the_order_of_the_logits(task):
    assert task.labels == ("O", "B-person", "I-person", "B-place", "I-place")


def test_row(task):
    row = {"words": ["Anna", "B", "left"], "tags": ["B-person", "I-person", "O"], "source": "web"}
    assert task.encode_row(row) == {
        keys.TEXT: b"Anna B left",
        keys.ENTITIES: b"0:6:person",
        keys.ENTITY_TYPE: [b"person"],
        keys.LABEL: [b"O", b"B-person", b"I-person"],
        keys.LENGTH_BUCKET: b"1-8",
        "source": b"web",
    }


def test_row_without_entities_and_row_without_tags(task):
    empty = task.encode_row({"text": "so what", "entities": []})
    assert (empty[keys.ENTITIES], empty[keys.ENTITY_TYPE]) == (b"", [b"none"])
    assert empty[keys.LABEL] == [b"O"]
    assert task.encode_row({"text": "so what"}).keys() == {keys.TEXT, keys.LENGTH_BUCKET}


def test_rejected_row(task):
    with pytest.raises(RowError, match="must be one of person, place"):
        task.encode_row({"words": ["a"], "tags": ["B-work"]})


def test_column_named_as_a_made_feature(task):
    with pytest.raises(UserError, match=r"received \['entity_type'\]; rename"):
        task.encode_row({"text": "a", "entity_type": "x"})


def test_identity_keeps_case(task):
    def same(text):
        return task.identity({keys.TEXT: text.encode()})

    assert same("the  Film") == same("ｔｈｅ Film") != same("the film")


def test_targets_are_tags_at_first_pieces(task, tokenizer):
    inputs, targets = padded(task, tokenizer)
    assert targets.shape == inputs[keys.TOKEN_IDS].shape
    is_word = targets.numpy() != NO_TAG
    np.testing.assert_array_equal(is_word, inputs[keys.WORD_STARTS].numpy() >= 0)
    tags = [row[words].tolist() for row, words in zip(targets.numpy(), is_word, strict=True)]
    assert tags == [
        [1, 0, 0, 0, 0, 3, 0],
        [0, 0, 3, 0],
        [0, 0, 0, 1, 0, 1, 2, 0, 0, 3],
        [0, 0, 0],
    ]
    assert not is_word[:, 0].any()


def tags_by_word(rows):
    """Returns the tag of each word by row and first code point; each must stand in one window."""
    found = {}
    columns = [rows[name].to_list() for name in (keys.WORD_STARTS, keys.WORD_ENDS, keys.TAG_IDS)]
    for row_id, *window in zip(rows[keys.ROW_ID].numpy().tolist(), *columns, strict=True):
        for start, end, tag in zip(*window, strict=True):
            assert (start < 0) == (tag == NO_TAG)
            if start >= 0:
                assert (row_id, start) not in found
                found[row_id, start] = (end, tag)
    return found


@pytest.mark.parametrize("stride", [None, 3, 14, 100])
def test_every_word_of_a_long_text_is_learned_in_one_window(stride, tokenizer):
    task = create_task(TASK | {"stride": stride})
    texts, entities = [LONG, *TEXTS], [LONG_ENTITIES, *ENTITIES]
    whole = transformed(task, tokenizer, texts, entities, max_length=512)
    windows = transformed(task, tokenizer, texts, entities, max_length=16)
    assert windows[keys.TOKEN_IDS].bounding_shape()[1] == 16
    assert len(whole[keys.ROW_ID]) == 5 < len(windows[keys.ROW_ID])
    assert tags_by_word(windows) == tags_by_word(whole)


def test_words_have_context_on_both_sides(task, tokenizer):
    """A window of 14 pieces lies half over the next: no word is near an edge that is cut."""
    rows = transformed(task, tokenizer, [LONG], [LONG_ENTITIES], max_length=16)
    starts = rows[keys.WORD_STARTS].to_list()
    for window in starts[1:-1]:
        places = [place for place, start in enumerate(window) if start >= 0]
        assert min(places) >= 5
        assert max(places) <= 11
    assert starts[0][1] == 0


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_logits_are_float32_for_every_token(task, tokenizer, dtype):
    inputs, targets = padded(task, tokenizer)
    logits = build(task, dtype=dtype)(inputs)
    assert logits.shape == (*targets.shape, 5)
    assert logits.dtype == tf.float32


def test_tags_of_tokens(task):
    answers = task.decode(tf.math.log([[[0.1, 0.6, 0.1, 0.1, 0.1]]]))
    assert answers[keys.TAGS].numpy().tolist() == [[b"B-person"]]
    np.testing.assert_allclose(answers[keys.PROBABILITY], [[0.6]], rtol=1e-5)


def test_metrics(task):
    assert [metric.name for metric in task.metrics()] == [
        "f1",
        "precision",
        "recall",
        "f1_person",
        "f1_place",
    ]
    assert task.metrics()[0].name == task.selection_metric
