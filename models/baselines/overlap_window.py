"""The baseline of question answering: the words among which the question's words stand closest.

An answer is a run of words that are rare and not in the question. Of all runs of a context that one
is taken around which most of the question's words stand, each worth its inverse document frequency.
Where that is a small share of the question's words, there is no answer; how small is decided by the
training rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.question_answering.answers import answer_outputs
from models.question_answering.null_threshold import find_null_threshold, span_f1
from models.tasks.base import Task
from models.words import Words, split_words
from schemas import features as keys
from schemas.errors import UserError

_REACH = 12
"""Words on each side of a run that are looked at."""

_MAX_WORDS = 5
"""Longest answer; three of four answers of SQuAD's dev set are not longer than three words."""

_COMMON_SHARE = 0.1
"""A word of more contexts than that is common, and no part of an answer."""

_FITTED_ROWS = 20_000
"""Rows that decide what share is too small; their texts are kept in memory."""


class OverlapWindow(tf.Module):
    """Answers with the rare words around which the question's words stand."""

    def __init__(self, words: list[str], idf: np.ndarray, *, unseen_idf: float, top_k: int) -> None:
        """Makes the baseline; `min_share` is 0 until it is assigned.

        Args:
          words: The words of the training contexts.
          idf: Inverse document frequency of each, `(words,)`.
          unseen_idf: That of every other word.
          top_k: How many spans are served; it knows one, and fills up with none.
        """
        super().__init__(name="overlap_window")
        initializer = tf.lookup.KeyValueTensorInitializer(
            tf.constant(words, tf.string), tf.constant(idf, tf.float32)
        )
        self.idf = tf.lookup.StaticHashTable(initializer, default_value=unseen_idf)
        self._top_k = top_k
        self.min_share = tf.Variable(tf.constant(0.0), trainable=False)

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the task's answers; in the place of probabilities are shares of overlap."""
        share, starts, ends = self.find(features)
        starts, ends, scores = (
            tf.pad(values[:, tf.newaxis], [[0, 0], [0, self._top_k - 1]])
            for values in (starts, ends, share)
        )
        answer = answer_outputs(
            features[keys.CONTEXT], starts, ends, scores=scores, is_none=share < self.min_share
        )
        return answer | {
            keys.SCORE: tf.where(answer[keys.NO_ANSWER], 1.0 - share, share),
            keys.NO_ANSWER_PROBABILITY: 1.0 - share,
        }

    def find(self, features: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Finds the best run of each row.

        Returns:
          Share of the question's words around it, float32 in 0 to 1; where it stands in code
          points, int32; all `(batch,)`. A context without such a run has 0 and an empty one.
        """
        num_rows = tf.size(features[keys.CONTEXT], tf.int64)
        question, context = (
            split_words(features[keys.QUESTION]),
            split_words(features[keys.CONTEXT]),
        )
        asked, distinct = _occurrences(question, context)
        worth = self.idf.lookup(context.texts)
        total = tf.math.unsorted_segment_sum(
            tf.where(distinct, self.idf.lookup(question.texts), 0.0), question.rows, num_rows
        )
        is_part = tf.logical_not(asked) & (worth > -np.log(_COMMON_SHARE))
        first, last = _runs(is_part, context.rows)
        near = _sum_around(tf.where(asked, worth, 0.0), context.rows, first, last)
        rows = tf.gather(context.rows, first)
        best = tf.math.unsorted_segment_max(near, rows, num_rows)
        is_best = near == tf.gather(best, rows)
        # The first of equally good ones.
        chosen = tf.math.unsorted_segment_min(
            tf.where(is_best, tf.range(tf.size(first)), tf.int32.max), rows, num_rows
        )
        has_run = chosen < tf.int32.max
        starts = _take(tf.gather(context.starts, first), chosen, has_run)
        ends = _take(tf.gather(context.ends, last), chosen, has_run)
        share = tf.math.divide_no_nan(tf.where(has_run, best, 0.0), total)
        return tf.clip_by_value(share, 0.0, 1.0), starts, ends


def _occurrences(question: Words, context: Words) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns which words of contexts their questions hold, and which of questions come first."""
    texts, index = tf.unique(tf.concat([question.texts, context.texts], axis=0))
    rows = tf.concat([question.rows, context.rows], axis=0)
    _, place = tf.unique(rows * tf.size(texts, tf.int64) + tf.cast(index, tf.int64))
    number = tf.range(tf.size(place))
    earliest = tf.gather(tf.math.unsorted_segment_min(number, place, tf.size(place)), place)
    num_asked = tf.size(question.texts)
    # A word of a question stands before all of its context's, so that it is the earliest.
    return earliest[num_asked:] < num_asked, (earliest == number)[:num_asked]


def _runs(is_part: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns first and last word of every run within a row, cut after the longest answer."""
    same_row = tf.concat([[False], rows[1:] == rows[:-1]], axis=0)[: tf.size(rows)]
    after_part = tf.concat([[False], is_part[:-1]], axis=0)[: tf.size(rows)] & same_row
    is_first = is_part & tf.logical_not(after_part)
    number = tf.cumsum(tf.cast(is_first, tf.int64)) - 1
    lengths = tf.math.segment_sum(
        tf.ones_like(tf.boolean_mask(number, is_part)), tf.boolean_mask(number, is_part)
    )
    first = tf.boolean_mask(tf.range(tf.size(rows, tf.int64)), is_first)
    return first, first + tf.minimum(lengths, _MAX_WORDS) - 1


def _sum_around(values: tf.Tensor, rows: tf.Tensor, first: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
    """Adds up the values of the words around runs, as far as they are of the same row."""
    number = tf.range(tf.size(rows, tf.int64))
    num_rows = tf.reduce_max(tf.concat([[-1], rows], axis=0)) + 1
    row = tf.gather(rows, first)
    begin = tf.gather(tf.math.unsorted_segment_min(number, rows, num_rows), row)
    end = tf.gather(tf.math.unsorted_segment_max(number, rows, num_rows), row) + 1
    sums = tf.concat([[0.0], tf.cumsum(values)], axis=0)
    before = tf.gather(sums, tf.maximum(first - _REACH, begin))
    return tf.gather(sums, tf.minimum(last + 1 + _REACH, end)) - before


def _take(values: tf.Tensor, index: tf.Tensor, is_there: tf.Tensor) -> tf.Tensor:
    """Returns the values at `index` as int32; 0 where there is none."""
    padded = tf.concat([values, [0]], axis=0)
    return tf.cast(tf.gather(padded, tf.where(is_there, index, tf.size(values))), tf.int32)


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> OverlapWindow:
    """Counts the words of the contexts, and finds the share below which there is no answer.

    Raises:
      UserError: If there are no rows, or no word in them.
    """
    del config
    options: Any = task.options
    counts: Counter[bytes] = Counter()
    num_contexts, kept = 0, []
    for batch in rows:
        contexts, _ = tf.unique(batch[keys.CONTEXT])
        words = split_words(contexts)
        texts, index = tf.unique(words.texts)
        pairs = words.rows * tf.size(texts, tf.int64) + tf.cast(index, tf.int64)
        of_context = tf.unique(pairs).y % tf.size(texts, tf.int64)
        counts.update(tf.gather(texts, of_context).numpy().tolist())
        num_contexts += len(contexts)
        if sum(len(other[keys.CONTEXT]) for other in kept) < _FITTED_ROWS:
            kept.append(batch)
    if not counts:
        raise UserError(
            "the overlap_window baseline needs words in the training contexts; check the context "
            "column, or leave it out of baselines.include"
        )
    frequencies = np.array(list(counts.values()), np.float64)
    baseline = OverlapWindow(
        [word.decode() for word in counts],
        np.log(num_contexts / frequencies),
        unseen_idf=float(np.log(num_contexts + 1)),
        top_k=options.top_k,
    )
    baseline.min_share.assign(_min_share(baseline, kept))
    return baseline


def _min_share(baseline: OverlapWindow, batches: list[dict[str, tf.Tensor]]) -> float:
    """Returns the share with the best F1 of characters on training rows.

    Where all of them have an answer it is 0: the baseline then always answers.
    """
    margins, scores, has_answer = [], [], []
    for batch in batches:
        share, starts, ends = baseline.find(batch)
        targets = np.stack([batch[keys.ANSWER_START], batch[keys.ANSWER_END] - 1], axis=1)
        margins.append(-share.numpy())
        scores.append(span_f1(np.stack([starts, ends - 1], axis=1), targets))
        has_answer.append(targets[:, 0] >= 0)
    if np.concatenate(has_answer).all():
        return 0.0
    return -find_null_threshold(*map(np.concatenate, (margins, scores, has_answer)))
