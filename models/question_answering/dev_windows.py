"""What a model says to transformed windows, which have no text any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from models.question_answering.null_threshold import WindowAnswers
from models.question_answering.spans import find_spans
from models.windows import Windows, group_rows, windows_of
from schemas import features as keys

if TYPE_CHECKING:
    import keras

    from models.tasks.base import Task


def window_answers(
    task: Task, model: keras.Model, batches: Iterable[Mapping[str, Any]], max_answer_length: int
) -> WindowAnswers:
    """Asks a model for the best span of every window.

    Args:
      task: Pads the windows of a batch.
      model: The task's.
      batches: Transformed rows.
      max_answer_length: Longest span in pieces.
    """

    @tf.function(autograph=False, reduce_retracing=True)
    def logits(inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return model(inputs, training=False)

    parts = []
    for rows in batches:
        inputs, target = task.batch(rows, seed=tf.zeros(2, tf.int64))
        windows = windows_of(rows)
        spans = find_spans(
            logits(inputs),
            windows,
            tf.size(windows.rows),
            n_best=1,
            max_answer_length=max_answer_length,
        )
        offset = (windows.starts - windows.prefixes)[:, tf.newaxis]
        parts.append(
            (
                rows[keys.ROW_ID],
                spans.null_scores,
                spans.scores[:, 0],
                tf.concat([spans.starts, spans.ends], axis=1),
                tf.where(target > 0, target + offset, -1),
            )
        )
    return WindowAnswers(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def group_windows(rows: Mapping[str, Any]) -> tuple[tf.Tensor, Windows, tf.Tensor, tf.Tensor]:
    """Puts the windows of each raw row one after the other.

    Args:
      rows: Transformed rows.

    Returns:
      The order of the windows, `(windows,)`; where they lie, in that order; the ids of the raw
      rows, string `(batch,)`; and whether all windows of each are there, bool `(batch,)`.
    """
    ids, index, is_whole = group_rows(rows)
    order = tf.argsort(index, stable=True)
    windows = windows_of({name: tf.gather(value, order) for name, value in rows.items()})
    return order, windows._replace(rows=tf.gather(index, order)), ids, is_whole
