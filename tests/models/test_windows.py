"""The windows of a long context against the original's rule, written out piece by piece."""

import random

import numpy as np
import pytest
import tensorflow as tf

from models.windows import cut_windows, pack_windows, windows_of
from schemas import features as keys

CLS, SEP = 2, 3


def original_windows(question_length, context_length, *, max_length, stride):
    """Returns (start, length) of each window as run_squad does, one after the other."""
    room, start, windows = max_length - 3 - question_length, 0, []
    while True:
        length = min(room, context_length - start)
        windows.append((start, length))
        if start + length >= context_length:
            return windows
        start += min(length, stride)


def original_owner(windows, piece):
    """Returns the window in which a piece has the most context, as run_squad does."""
    scores = [
        min(piece - start, start + length - 1 - piece) + 0.01 * length
        if start <= piece < start + length
        else -1
        for start, length in windows
    ]
    return int(np.argmax(scores))


@pytest.fixture(scope="module", params=[(32, 8), (24, 24), (16, 1), (40, 5)])
def cut(request):
    """Windows of rows of random lengths, with these lengths."""
    max_length, stride = request.param
    draw = random.Random(max_length)
    lengths = [(draw.randrange(0, 12), draw.randrange(0, 120)) for _ in range(60)] + [(3, 0)]
    questions, contexts = np.array(lengths, np.int64).T
    windows = cut_windows(questions, contexts, max_length=max_length, stride=stride)
    return lengths, windows, max_length, stride


def test_windows_are_the_originals(cut):
    lengths, windows, max_length, stride = cut
    expected = [
        (row, question + 2, *window)
        for row, (question, context) in enumerate(lengths)
        for window in original_windows(question, context, max_length=max_length, stride=stride)
    ]
    found = np.stack([windows.rows, windows.prefixes, windows.starts, windows.lengths], axis=1)
    assert found.tolist() == [list(window) for window in expected]


def test_every_piece_is_in_the_core_of_the_window_with_the_most_context(cut):
    lengths, windows, max_length, stride = cut
    rows, core_starts, core_ends = (
        value.numpy() for value in (windows.rows, windows.core_starts, windows.core_ends)
    )
    for row, (question, context) in enumerate(lengths):
        cores = list(zip(core_starts[rows == row], core_ends[rows == row], strict=True))
        expected = original_windows(question, context, max_length=max_length, stride=stride)
        for piece in range(context):
            inside = [number for number, (low, high) in enumerate(cores) if low <= piece < high]
            assert inside == [original_owner(expected, piece)]


def test_slices_say_which_pieces_have_the_most_context(cut):
    lengths, windows, _, _ = cut
    contexts = tf.ragged.range(tf.constant([context for _, context in lengths], tf.int64))
    held = windows.slices(contexts)
    core = tf.ragged.boolean_mask(held, windows.is_core())
    by_row = tf.RaggedTensor.from_value_rowids(core, windows.rows).merge_dims(1, 2)
    assert by_row.to_list() == contexts.to_list()
    assert held.row_lengths().numpy().tolist() == windows.lengths.numpy().tolist()


def test_counts_are_those_of_the_row():
    windows = cut_windows(
        tf.constant([2, 2], tf.int64), tf.constant([9, 1], tf.int64), max_length=9, stride=2
    )
    assert windows.counts().numpy().tolist() == [4, 4, 4, 4, 1]


def test_packed_windows_hold_their_question_and_their_pieces():
    question = tf.ragged.constant([[10, 11], []], tf.int32, row_splits_dtype=tf.int64)
    context = tf.ragged.constant([[20, 21, 22, 23, 24], [30]], tf.int32, row_splits_dtype=tf.int64)
    windows = cut_windows(question.row_lengths(), context.row_lengths(), max_length=8, stride=2)
    packed = pack_windows(question, context, windows, cls_id=CLS, sep_id=SEP, max_length=8)
    assert packed[keys.TOKEN_IDS].to_list() == [
        [CLS, 10, 11, SEP, 20, 21, 22, SEP],
        [CLS, 10, 11, SEP, 22, 23, 24, SEP],
        [CLS, SEP, 30, SEP],
    ]
    assert packed[keys.SEGMENT_IDS].to_list() == [[0] * 4 + [1] * 4] * 2 + [[0, 0, 1, 1]]


def test_pieces_and_tokens_are_each_others_inverse():
    windows = cut_windows(
        tf.constant([2], tf.int64), tf.constant([9], tf.int64), max_length=9, stride=2
    )
    tokens = windows.tokens_of(tf.constant(5, tf.int64)).numpy()
    assert tokens.tolist() == [0, 7, 5, 0]
    pieces = windows.pieces(tf.constant(9)).numpy()
    assert pieces[1, tokens[1]] == pieces[2, tokens[2]] == 5


def test_windows_are_found_again_in_transformed_rows():
    question = tf.ragged.constant([[10, 11], [12]], tf.int32, row_splits_dtype=tf.int64)
    context = tf.ragged.constant([[20] * 9, []], tf.int32, row_splits_dtype=tf.int64)
    windows = cut_windows(question.row_lengths(), context.row_lengths(), max_length=9, stride=3)
    packed = pack_windows(question, context, windows, cls_id=CLS, sep_id=SEP, max_length=9)
    found = windows_of(
        packed
        | {
            keys.WINDOW_START: windows.starts,
            keys.CORE_START: windows.core_starts,
            keys.CORE_END: windows.core_ends,
        }
    )
    for name in ("prefixes", "starts", "lengths", "core_starts", "core_ends"):
        assert getattr(found, name).numpy().tolist() == getattr(windows, name).numpy().tolist()
