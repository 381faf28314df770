"""The best spans against a search that tries every pair of pieces."""

import numpy as np
import pytest
import tensorflow as tf

from models.question_answering.spans import find_spans
from models.windows import cut_windows

MAX_ANSWER = 4


def padded_logits(windows, seed=0):
    """Returns random logits of windows that are padded to the longest."""
    length = int(tf.reduce_max(windows.prefixes + windows.lengths)) + 1
    values = np.random.default_rng(seed).normal(size=(len(windows.rows), length, 2))
    return tf.constant(values, tf.float32)


def all_spans(logits, windows, row):
    """Returns (score, first piece, last piece) of every span of a row that may be an answer."""
    spans = []
    for window in np.flatnonzero(windows.rows.numpy() == row):
        prefix, start, length, low, high = (int(values[window]) for values in windows[1:])
        for first in range(low, high):
            for last in range(first, min(first + MAX_ANSWER, start + length)):
                tokens = first - start + prefix, last - start + prefix
                score = logits[window, tokens[0], 0] + logits[window, tokens[1], 1]
                spans.append((float(score), first, last))
    return sorted(spans, reverse=True)


@pytest.fixture(scope="module")
def case():
    questions, contexts = np.array([[3, 20], [1, 2], [2, 0], [4, 40]], np.int64).T
    windows = cut_windows(questions, contexts, max_length=16, stride=5)
    logits = padded_logits(windows)
    return logits, windows, find_spans(logits, windows, 4, n_best=6, max_answer_length=MAX_ANSWER)


@pytest.mark.parametrize("row", [0, 1, 3])
def test_finds_the_best_spans_of_all_windows(case, row):
    logits, windows, spans = case
    expected = all_spans(logits.numpy(), windows, row)[:6]
    count = int(spans.is_real[row].numpy().sum())
    assert count == len(expected)
    found = zip(spans.starts[row].numpy(), spans.ends[row].numpy(), strict=True)
    assert list(found)[:count] == [(first, last) for _, first, last in expected]
    np.testing.assert_allclose(spans.scores[row][:count], [span[0] for span in expected], rtol=1e-5)


def test_an_empty_context_has_no_span(case):
    _, _, spans = case
    assert not spans.is_real[2].numpy().any()


def test_the_null_score_is_the_lowest_of_the_windows(case):
    logits, windows, spans = case
    sums = logits.numpy()[:, 0].sum(axis=-1)
    expected = [sums[windows.rows.numpy() == row].min() for row in range(4)]
    np.testing.assert_allclose(spans.null_scores, expected, rtol=1e-6)
    np.testing.assert_allclose(
        spans.margins()[:2], np.array(expected)[:2] - spans.scores[:2, 0], rtol=1e-5
    )


def test_no_row_has_no_spans():
    windows = cut_windows(*tf.zeros((2, 0), tf.int64), max_length=16, stride=5)
    spans = find_spans(tf.zeros((0, 1, 2)), windows, 0, n_best=6, max_answer_length=MAX_ANSWER)
    assert spans.scores.shape == (0, 6)
