"""Where the tokens of a padded batch are, when they stand one after the other."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Asked(NamedTuple):
    """Which tokens a layer is asked for.

    Attributes:
      num_places: The first so many places of each row attend, int32 `()`.
      contexts: Of what these attend to, `(rows * num_places, ...)`, what is asked for, int32
        `(asked,)`.
      tokens: The same among the tokens of the batch, int32 `(asked,)`.
    """

    num_places: tf.Tensor
    contexts: tf.Tensor
    tokens: tf.Tensor


class Packing(NamedTuple):
    """Which token of a batch is where.

    Attributes:
      shape: Rows and length of the padded batch, int32 `(2,)`.
      places: Place of each token in the flattened batch, int32 `(tokens,)`.
      packed: Which token stands at each place, some other one where there is none, int32
        `(rows * length,)`.
      present: Where there is a token, bool `(rows, length)`.
    """

    shape: tf.Tensor
    places: tf.Tensor
    packed: tf.Tensor
    present: tf.Tensor

    @classmethod
    def of(cls, padding_mask: tf.Tensor) -> Packing:
        """Finds the tokens of a batch.

        Args:
          padding_mask: int32 `(rows, length)`, 0 for padding. The first place of a row counts as a
            token in any case, so that every row has one.
        """
        shape = tf.shape(padding_mask)
        present = (padding_mask != 0) | (tf.range(shape[1]) == 0)
        flat = tf.reshape(present, [-1])
        places = tf.cast(tf.reshape(tf.where(flat), [-1]), tf.int32)
        packed = tf.maximum(tf.cumsum(tf.cast(flat, tf.int32)) - 1, 0)
        return cls(shape, places, packed, present)

    def pack(self, padded: tf.Tensor) -> tf.Tensor:
        """Returns the tokens of `(rows * length, ...)` as `(tokens, ...)`."""
        return tf.gather(padded, self.places)

    def pad(self, tokens: tf.Tensor) -> tf.Tensor:
        """Returns `(tokens, width)` as `(rows, length, width)`; what stands for padding is void."""
        width = tokens.shape[-1]
        return tf.reshape(tf.gather(tokens, self.packed), [*tf.unstack(self.shape), width])

    def every(self) -> Asked:
        """Asks for every token."""
        return Asked(self.shape[1], self.places, tf.range(tf.size(self.places)))

    def first(self) -> Asked:
        """Asks for the first token of every row."""
        rows, length = tf.unstack(self.shape)
        numbers = tf.range(rows)
        return Asked(tf.constant(1), numbers, tf.gather(self.packed, numbers * length))
