"""What baselines share that do not read the text: one answer, whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from models.tasks.base import Task


class Constant(tf.Module):
    """Gives every row the same answer."""

    def __init__(self, logits: np.ndarray, task: Task) -> None:
        """Makes the baseline.

        Args:
          logits: What the task decodes into the answer, `(num_outputs,)`.
          task: Decodes it.
        """
        super().__init__(name="constant")
        self._task = task
        self.logits = tf.Variable(tf.constant(logits, tf.float32), trainable=False)

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the answer, once for each row."""
        batch = tf.shape(next(iter(features.values())))[0]
        return self._task.decode(tf.broadcast_to(self.logits, (batch, tf.shape(self.logits)[0])))
