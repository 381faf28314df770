"""The best spans of a context by the logits of their first and last pieces, in the served graph."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from models.windows import Windows

_IMPOSSIBLE = -1e9


class Spans(NamedTuple):
    """The best spans of each row over all of its windows, best first.

    Attributes:
      scores: Logit of the first piece plus that of the last, float32 `(batch, n_best)`.
      starts: First piece in the context, int64 `(batch, n_best)`.
      ends: Last piece, int64 `(batch, n_best)`.
      is_real: Which of them are spans, bool `(batch, n_best)`: a context may have fewer.
      null_scores: Logits of the first token, `[CLS]`, which means no answer: the lowest sum of all
        windows, float32 `(batch,)`.
    """

    scores: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor
    is_real: tf.Tensor
    null_scores: tf.Tensor

    def margins(self) -> tf.Tensor:
        """Returns by how much no answer scores above the best span, float32 `(batch,)`."""
        return self.null_scores - self.scores[:, 0]


def find_spans(
    logits: tf.Tensor,
    windows: Windows,
    num_rows: tf.Tensor,
    *,
    n_best: int,
    max_answer_length: int,
) -> Spans:
    """Finds the best spans.

    Every span of up to `max_answer_length` pieces is scored, not only those between the n best
    starts and ends. It starts at a piece that has the most context in its window.

    Args:
      logits: Of padded windows, float32 `(windows, length, 2)`: starts and ends.
      windows: Where they lie.
      num_rows: Rows that they belong to.
      n_best: Spans to return.
      max_answer_length: Longest span in pieces.
    """
    length = tf.shape(logits)[1]
    scores = _span_scores(logits, windows, length, max_answer_length)
    # A small input still has n_best candidates, some of them impossible.
    flat = tf.reshape(scores, [-1, length * max_answer_length])
    flat = tf.pad(flat, [[0, 0], [0, n_best]], constant_values=_IMPOSSIBLE)
    scores, index = tf.math.top_k(flat, n_best)
    offset = (windows.starts - windows.prefixes)[:, tf.newaxis]
    starts = tf.cast(index // max_answer_length, tf.int64) + offset
    ends = starts + tf.cast(index % max_answer_length, tf.int64)
    null_scores = tf.math.unsorted_segment_min(
        tf.reduce_sum(logits[:, 0], axis=-1), windows.rows, num_rows
    )
    scores, starts, ends = _best_of_rows(scores, starts, ends, windows.rows, num_rows, n_best)
    return Spans(scores, starts, ends, scores > _IMPOSSIBLE / 2, null_scores)


def _span_scores(
    logits: tf.Tensor, windows: Windows, length: tf.Tensor, max_answer_length: int
) -> tf.Tensor:
    """Returns scores by first token and number of further ones, `(windows, length, max)`."""
    pieces = windows.pieces(length)
    is_context = (pieces >= windows.starts[:, tf.newaxis]) & (
        pieces < (windows.starts + windows.lengths)[:, tf.newaxis]
    )
    is_core = (pieces >= windows.core_starts[:, tf.newaxis]) & (
        pieces < windows.core_ends[:, tf.newaxis]
    )
    starts = tf.where(is_core & is_context, logits[:, :, 0], _IMPOSSIBLE)
    ends = tf.where(is_context, logits[:, :, 1], _IMPOSSIBLE)
    ends = tf.pad(ends, [[0, 0], [0, max_answer_length - 1]], constant_values=_IMPOSSIBLE)
    shifted = tf.stack(
        [ends[:, further : further + length] for further in range(max_answer_length)], axis=-1
    )
    return tf.maximum(starts[:, :, tf.newaxis] + shifted, _IMPOSSIBLE)


def _best_of_rows(
    scores: tf.Tensor,
    starts: tf.Tensor,
    ends: tf.Tensor,
    rows: tf.Tensor,
    num_rows: tf.Tensor,
    n_best: int,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Takes the best candidates of each row, `(batch, n_best)`, from those of its windows."""

    def of_row(values: tf.Tensor, default: float | int) -> tf.Tensor:
        ragged = tf.RaggedTensor.from_value_rowids(  # pyright: ignore[reportAttributeAccessIssue]
            values, rows, tf.cast(num_rows, tf.int64), validate=False
        )
        width = tf.maximum(ragged.bounding_shape(axis=1), 1)
        shape = tf.stack([tf.constant(-1, tf.int64), width, tf.constant(n_best, tf.int64)])
        dense = ragged.to_tensor(default, shape=shape)
        return tf.reshape(dense, [num_rows, tf.cast(width, tf.int32) * n_best])

    best, index = tf.math.top_k(of_row(scores, _IMPOSSIBLE), n_best)
    return (
        best,
        tf.gather(of_row(starts, 0), index, batch_dims=1),
        tf.gather(of_row(ends, 0), index, batch_dims=1),
    )
