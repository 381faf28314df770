"""The baseline that does not read the text: it answers with the frequencies of the labels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.tasks.base import Task
from schemas.errors import UserError


class Majority(tf.Module):
    """Gives the label that is most frequent in training, whatever is asked."""

    def __init__(self, counts: np.ndarray, task: Task) -> None:
        """Makes the baseline.

        Args:
          counts: Training rows of each label, `(num_labels,)`.
          task: Decodes the answers.
        """
        super().__init__(name="majority")
        self._task = task
        with np.errstate(divide="ignore"):  # a label without rows has probability 0
            self.logits = tf.Variable(
                np.log(counts / counts.sum()), dtype=tf.float32, trainable=False
            )

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the frequencies as the probabilities of every row."""
        batch = tf.shape(next(iter(features.values())))[0]
        return self._task.decode(tf.broadcast_to(self.logits, (batch, tf.shape(self.logits)[0])))


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> Majority:
    """Counts the labels.

    Raises:
      UserError: If there are no rows.
    """
    counts = np.zeros(len(task.labels), np.int64)
    for batch in rows:
        counts += np.bincount(batch[task.label_key].numpy(), minlength=len(counts))
    if not counts.any():
        raise UserError("a baseline needs rows; the training split has none; check the input files")
    return Majority(counts, task)
