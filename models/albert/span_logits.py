"""The end of a model that answers questions: logits without padding, and its null threshold."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_PADDING = -1e9


class SpanLogits(keras.layers.Layer):
    """Takes padding out of the logits of starts and ends, and a threshold off those of no answer.

    No answer is the first token, `[CLS]`, as start and end. It is answered where its sum is above
    that of the best span by more than `null_threshold` (`null_score_diff_threshold` in
    run_squad_v2.py of google-research/albert). The threshold is a weight, which may be found on dev
    rows, so that it goes wherever the model goes.
    """

    def __init__(self, null_threshold: float = 0.0, **kwargs: Any) -> None:
        """Makes the layer.

        Args:
          null_threshold: The first value of the threshold.
          **kwargs: Of `keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self._initial_threshold = null_threshold

    def build(self, *_: Any) -> None:
        self.null_threshold = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self._initial_threshold),
            trainable=False,
            name="null_threshold",
        )
        self.built = True

    def call(self, logits: Any, padding_mask: Any) -> Any:
        """Returns the logits by which an answer is chosen.

        Args:
          logits: float32 `(batch, length, 2)`, of starts and ends.
          padding_mask: 1 where there is a token, `(batch, length)`.

        Returns:
          float32 `(batch, length, 2)`.
        """
        is_token = ops.expand_dims(ops.cast(padding_mask, "bool"), -1)
        is_first = ops.cast(ops.equal(ops.arange(ops.shape(logits)[1]), 0), logits.dtype)
        is_start = ops.convert_to_tensor([1.0, 0.0], logits.dtype)
        threshold = ops.cast(self.null_threshold, logits.dtype)
        shift = threshold * is_first[:, None] * is_start[None, :]
        return ops.where(is_token, logits - shift[None], _PADDING)

    def compute_output_spec(self, logits: Any, padding_mask: Any) -> keras.KerasTensor:
        del padding_mask
        return keras.KerasTensor(logits.shape, logits.dtype)
