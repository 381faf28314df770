"""Finds how much better than the best span no answer must be, on dev rows.

As `find_best_thresh` of SQuAD's evaluation script: the threshold is that with the highest mean F1.
It differs in what F1 is: of pieces in the place of words, and with the first answer of a row alone,
which is the only one that windows know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class WindowAnswers:
    """The best span of each window, and the right one, in pieces of the context.

    Attributes:
      row_ids: Row of each window, `(windows,)`.
      null_scores: Score of no answer, float `(windows,)`.
      scores: Score of the best span, float `(windows,)`.
      spans: Its first and last piece, int `(windows, 2)`.
      targets: Those of the right answer, int `(windows, 2)`; -1 where a window has none.
    """

    row_ids: np.ndarray
    null_scores: np.ndarray
    scores: np.ndarray
    spans: np.ndarray
    targets: np.ndarray


def row_margins(windows: WindowAnswers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Puts the windows of each row together.

    Returns:
      Of each row, `(rows,)`: by how much no answer is above the best span, the F1 of that span, and
      whether there is an answer.
    """
    _, row = np.unique(windows.row_ids, return_inverse=True)
    num_rows = row.max(initial=-1) + 1
    null_scores = np.full(num_rows, np.inf)
    np.minimum.at(null_scores, row, windows.null_scores)
    targets = np.full((num_rows, 2), -1)
    np.maximum.at(targets, row, windows.targets)
    by_score = np.argsort(windows.scores, kind="stable")
    best = np.zeros(num_rows, np.int64)
    best[row[by_score]] = by_score  # of several windows of a row the last one stays
    f1 = span_f1(windows.spans[best], targets)
    return null_scores - windows.scores[best], f1, targets[:, 0] >= 0


def span_f1(spans: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns the F1 of the pieces of spans, float `(rows,)`.

    >>> span_f1(np.array([[2, 5], [7, 7]]), np.array([[4, 5], [1, 3]])).round(3).tolist()
    [0.667, 0.0]

    Args:
      spans: First and last pieces, int `(rows, 2)`.
      targets: The right ones, same shape.
    """
    first = np.maximum(spans[:, 0], targets[:, 0])
    common = np.maximum(np.minimum(spans[:, 1], targets[:, 1]) - first + 1, 0)
    lengths = (spans[:, 1] - spans[:, 0] + 1) + (targets[:, 1] - targets[:, 0] + 1)
    return 2 * common / np.maximum(lengths, 1)


def find_null_threshold(margins: np.ndarray, f1: np.ndarray, has_answer: np.ndarray) -> float:
    """Returns the threshold with the highest mean F1 of rows whose margin above it means no answer.

    >>> find_null_threshold(
    ...     np.array([-2.0, 1.0, 4.0]), np.array([1.0, 0.5, 0.0]), np.array([True, True, False]))
    2.5

    Args:
      margins: By how much no answer is above the best span, `(rows,)`.
      f1: F1 of that span, `(rows,)`.
      has_answer: Whether there is an answer, bool `(rows,)`.

    Returns:
      A value half-way between two margins; 0.0 where there are no rows.
    """
    if not len(margins):
        return 0.0
    order = np.argsort(margins, kind="stable")
    margins = margins[order]
    # What is won by answering the rows of the lowest margins instead of none.
    gains = np.cumsum(np.where(has_answer, f1, -1.0)[order])
    answered = int(np.argmax(np.concatenate([[0.0], gains])))
    padded = np.concatenate([[margins[0] - 2], margins, [margins[-1] + 2]])
    return float((padded[answered] + padded[answered + 1]) / 2)
