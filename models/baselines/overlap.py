"""Lexical overlap: the option whose words stand in the passage; what needs no understanding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import tensorflow as tf

from models.albert.heads import NO_OPTION
from models.baselines.bag_of_words import split_words
from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.tasks.base import Task
from schemas import features as keys

if TYPE_CHECKING:
    from models.tasks.multiple_choice import MultipleChoice

_SHARPNESS = 4.0
"""Logits from an option with no word in the passage to one with all of them."""


class Overlap(tf.Module):
    """Chooses the option with the largest share of words that stand in the passage."""

    def __init__(self, task: MultipleChoice) -> None:
        """Makes the baseline.

        Args:
          task: Decodes the answers.
        """
        super().__init__(name="overlap")
        self._task = task

    def __call__(self, features: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Returns the task's answers.

        Args:
          features: `passage`, string `(batch,)`, and `options`, ragged `(batch, None)`.
        """
        options: tf.RaggedTensor = features[keys.OPTIONS]
        exists = tf.cast(tf.not_equal(options.values, ""), tf.float32)
        scores = self.shares(features) * _SHARPNESS + (1.0 - exists) * NO_OPTION
        width = tf.maximum(options.bounding_shape(axis=1), 1)
        logits = options.with_values(scores).to_tensor(
            NO_OPTION, shape=tf.stack([tf.constant(-1, tf.int64), width])
        )
        return self._task.named(self._task.decode(logits), options)

    def shares(self, features: Mapping[str, Any]) -> tf.Tensor:
        """Returns the share of each option's words in the passage, float32 `(options,)`."""
        options: tf.RaggedTensor = features[keys.OPTIONS]
        passage = split_words({keys.PASSAGE: features[keys.PASSAGE]})
        words = split_words({keys.OPTIONS: options.values}).to_sparse()
        found = tf.sets.intersection(words, tf.gather(passage, options.value_rowids()).to_sparse())
        return tf.math.divide_no_nan(_sizes(found), _sizes(words))


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> Overlap:
    """Makes the baseline, which learns nothing from the rows."""
    del rows, config
    return Overlap(cast("MultipleChoice", task))


def _sizes(sets: tf.SparseTensor) -> tf.Tensor:
    """Returns the number of different words of each set, float32 `(options,)`."""
    return tf.cast(tf.sets.size(sets), tf.float32)
