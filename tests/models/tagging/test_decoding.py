import numpy as np
import pytest
import tensorflow as tf

from models.tagging.decoding import (
    TaggedWords,
    answer_entities,
    find_runs,
    list_entities,
    pad_entities,
)
from models.tagging.schemes import find_entities, iob2_tags
from schemas import features as keys
from tests.models.metrics.random_tags import TYPES, random_sentences

TAGS = iob2_tags(TYPES)


def test_runs_are_those_of_the_conll_scorer_on_random_predictions():
    """`find_entities` equals seqeval on them: see tests/models/metrics/test_tagging.py."""
    sentences = [predicted for _, predicted in random_sentences()]
    expected, offset = [], 0
    for tags in sentences:
        expected += [
            (entity.first + offset, entity.last + offset, TYPES.index(entity.type))
            for entity in find_entities(tags, "iob")
        ]
        offset += len(tags)
    ids = [TAGS.index(tag) for tags in sentences for tag in tags]
    row = [number for number, tags in enumerate(sentences) for _ in tags]
    runs = find_runs(tf.constant(ids, tf.int64), tf.constant(row, tf.int64))
    assert list(zip(*(part.numpy().tolist() for part in runs), strict=True)) == expected


def tagged(*rows):
    """Words of one letter with the probability of their tag, in rows."""
    words = [
        (row, place, *word) for row, words in enumerate(rows) for place, word in enumerate(words)
    ]
    probabilities = np.full((len(words), len(TAGS)), 0.01, np.float32)
    for index, (_, _, tag, probability) in enumerate(words):
        probabilities[index, TAGS.index(tag)] = probability
    starts = tf.constant([2 * place for _, place, _, _ in words], tf.int32)
    return TaggedWords(
        tf.constant([row for row, *_ in words], tf.int64),
        starts,
        starts + 1,
        tf.constant(probabilities),
    )


def test_lists_of_a_batch():
    words = tagged(
        [("B-person", 0.9), ("I-person", 0.7), ("O", 0.9), ("I-place", 0.5)],
        [],
        [("O", 0.9)],
        [("B-work", 0.6)],
    )
    padded = pad_entities(list_entities(words, tf.constant(4, tf.int64), TYPES))
    assert padded[keys.TYPES].numpy().tolist() == [
        [b"person", b"place"],
        [b"", b""],
        [b"", b""],
        [b"work", b""],
    ]
    assert padded[keys.STARTS].numpy().tolist() == [[0, 6], [-1, -1], [-1, -1], [0, -1]]
    assert padded[keys.ENDS].numpy().tolist() == [[3, 7], [-1, -1], [-1, -1], [1, -1]]
    np.testing.assert_allclose(
        padded[keys.SCORES], [[0.8, 0.5], [0, 0], [0, 0], [0.6, 0]], rtol=1e-6
    )


@pytest.mark.parametrize("num_rows", [0, 1, 3])
def test_rows_without_entities(num_rows):
    words = tagged(*[[("O", 0.9)]] * num_rows)
    texts = tf.fill([num_rows], "a")
    entities = list_entities(words, tf.constant(num_rows, tf.int64), TYPES)
    answers = answer_entities(texts, entities)
    assert answers.pop(keys.ENTITIES).numpy().tolist() == [b""] * num_rows
    assert {tuple(value.shape) for value in answers.values()} == {(num_rows, 0)}


def test_texts_are_parts_of_the_original():
    words = tagged([("B-person", 0.9), ("O", 0.9), ("B-place", 0.9)], [("B-work", 0.9)])
    entities = list_entities(words, tf.constant(2, tf.int64), TYPES)
    answers = answer_entities(tf.constant(["É b ש d".encode(), b"\xff x"]), entities)
    texts = [[text.decode() for text in row] for row in answers[keys.TEXTS].numpy()]
    assert texts == [["É", "ש"], ["\ufffd", ""]]
    assert answers[keys.ENTITIES].numpy().tolist() == [b"0:1:person 4:5:place", b"0:1:work"]
