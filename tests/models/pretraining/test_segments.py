import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.pretraining.segments import (
    IN_ORDER,
    NO_PAIR,
    SWAPPED,
    draw_segments,
    pack_segments,
)
from schemas import features as keys

CLS, SEP = 2, 3

# A row as the lengths of its sentences.
rows = st.lists(st.lists(st.integers(1, 6), max_size=5), min_size=1, max_size=5)


def sentence_ids(rows):
    ids = [[number for number, length in enumerate(row) for _ in range(length)] for row in rows]
    return tf.ragged.constant(ids, dtype=tf.int64, ragged_rank=1)


def drawn(rows, seed=0):
    segments = draw_segments(sentence_ids(rows), seed=tf.constant([seed, 3], tf.int64))
    return [value.to_list() for value in segments[:2]], segments.order.numpy().tolist()


@given(rows, st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_segments_are_the_consecutive_sentences_of_a_row(rows, seed):
    (first, second), order = drawn(rows, seed)
    for row, before, after, target in zip(rows, first, second, order, strict=True):
        pieces = before + after if target != SWAPPED else after + before
        assert pieces == list(range(len(pieces)))
        assert len(pieces) <= sum(row)
        ends = np.cumsum(row).tolist()
        cut = {IN_ORDER: len(before), SWAPPED: len(after), NO_PAIR: None}[target]
        if cut is None:
            assert after == []
            assert len(before) <= (row[0] if len(row) == 1 else sum(row))
        else:
            assert before
            assert after
            assert cut in ends[:-1]


def test_half_of_the_pairs_are_swapped_and_every_cut_is_as_likely():
    (first, second), order = drawn([[1, 1, 1, 1]] * 4000)
    order = np.array(order)
    pairs = order != NO_PAIR
    assert (order[pairs] == SWAPPED).mean() == pytest.approx(0.5, abs=0.03)
    whole = np.array([len(a) + len(b) == 4 for a, b in zip(first, second, strict=True)])
    cuts = np.where(order == SWAPPED, [len(row) for row in second], [len(row) for row in first])
    shares = np.bincount(cuts[whole], minlength=4)[1:] / whole.sum()
    assert shares == pytest.approx([1 / 3] * 3, abs=0.03)


def test_a_tenth_of_the_rows_is_shorter():
    (first, second), _ = drawn([[10] * 10] * 4000)
    lengths = np.array([len(a) + len(b) for a, b in zip(first, second, strict=True)])
    short = lengths[lengths < 100]
    assert len(short) / len(lengths) == pytest.approx(0.1, abs=0.015)
    assert short.min() < 10
    assert short.mean() == pytest.approx(51, rel=0.1)


def test_one_sentence_has_no_order():
    (first, second), order = drawn([[3], []], seed=1)
    assert (first, second, order) == ([[0, 1, 2], []], [[], []], [NO_PAIR, NO_PAIR])


def test_the_same_seed_draws_the_same_and_another_something_else():
    many = [[1] * 9] * 50
    assert drawn(many, 1) == drawn(many, 1)
    assert drawn(many, 1) != drawn(many, 2)


@pytest.mark.parametrize(
    ("first", "second", "max_length", "ids", "segments"),
    [
        ([7, 8], [9], None, [CLS, 7, 8, SEP, 9, SEP], [0, 0, 0, 0, 1, 1]),
        ([7, 8], [], None, [CLS, 7, 8, SEP], [0, 0, 0, 0]),
        ([], [], None, [CLS, SEP], [0, 0]),
        ([7, 8, 9], [], 5, [CLS, 7, 8, SEP], [0, 0, 0, 0]),
        ([7, 8, 9], [5, 6], 7, [CLS, 7, 8, SEP, 5, 6, SEP], [0, 0, 0, 0, 1, 1, 1]),
    ],
)
def test_packing(first, second, max_length, ids, segments):
    packed = pack_segments(
        tf.ragged.constant([first], dtype=tf.int32, ragged_rank=1),
        tf.ragged.constant([second], dtype=tf.int32, ragged_rank=1),
        cls_id=CLS,
        sep_id=SEP,
        max_length=max_length,
    )
    assert packed[keys.TOKEN_IDS].to_list() == [ids]
    assert packed[keys.SEGMENT_IDS].to_list() == [segments]
