"""Loss and metric of tags, over the first pieces of words."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from models.tagging.decoding import find_runs

NO_TAG = -1
"""Target of a piece that is not the first of a word."""

_MAX_TYPES = 1 << 16


class TagCrossEntropy(keras.losses.Loss):
    """Cross entropy of the tags of a row, the mean over its words."""

    def __init__(self, name: str = "tag_cross_entropy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each row, float32 `(batch,)`; 0 for a row without words.

        Args:
          y_true: Tag ids, or `NO_TAG`, `(batch, length)`.
          y_pred: Logits, float32 `(batch, length, tags)`.
        """
        tags = tf.cast(y_true, tf.int32)  # Keras makes floats of targets
        counts = tf.cast(tags != NO_TAG, y_pred.dtype)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(tags, 0), y_pred)
        return tf.math.divide_no_nan(
            tf.reduce_sum(losses * counts, axis=1), tf.reduce_sum(counts, axis=1)
        )


class EntityF1(keras.metrics.Metric):
    """F1 of entities that are found exactly, of all rows together.

    A row is a window: an entity whose words are divided between two is two here, and one in TFMA's
    metric.
    """

    def __init__(self, name: str = "f1", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.found = self.add_weight(name="found", initializer="zeros")
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        """Counts a batch.

        Args:
          y_true: Tag ids, or `NO_TAG`, `(batch, length)`.
          y_pred: Logits, `(batch, length, tags)`.
          sample_weight: 0 for a row that does not count, `(batch,)`.
        """
        counts = tf.cast(y_true, tf.int64) != NO_TAG
        if sample_weight is not None:
            counts &= (tf.cast(sample_weight, tf.float32) > 0)[:, tf.newaxis]
        place = tf.where(counts)
        wanted = _entity_keys(tf.cast(tf.gather_nd(y_true, place), tf.int64), place[:, 0])
        tags = tf.argmax(tf.gather_nd(y_pred, place), axis=-1)
        received = _entity_keys(tags, place[:, 0])
        both = tf.sets.intersection(wanted[tf.newaxis], received[tf.newaxis])
        self.found.assign_add(tf.cast(tf.size(both.values), tf.float32))
        self.total.assign_add(tf.cast(tf.size(wanted) + tf.size(received), tf.float32))

    def result(self) -> tf.Tensor:
        """Returns F1; 0 where there is no entity, neither wanted nor received."""
        return tf.math.divide_no_nan(2.0 * self.found, tf.convert_to_tensor(self.total))


def _entity_keys(tags: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
    """Returns one number for each entity, made of where it stands and of its type, int64."""
    runs = find_runs(tags, row)
    place = runs.first * (tf.size(tags, tf.int64) + 1) + runs.last
    return place * _MAX_TYPES + runs.type_ids
