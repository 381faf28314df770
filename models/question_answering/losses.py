"""Loss and training metric of spans, on windows padded to any length."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class SpanCrossEntropy(keras.losses.Loss):
    """The mean of the cross-entropies of first and last token, as in run_squad of the original."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each window.

        Args:
          y_true: First and last token, `(batch, 2)`.
          y_pred: Logits, float32 `(batch, length, 2)`.
        """
        losses = keras.losses.sparse_categorical_crossentropy(
            y_true, ops.transpose(y_pred, (0, 2, 1)), from_logits=True
        )
        return ops.mean(losses, axis=-1)


class SpanF1(keras.metrics.MeanMetricWrapper):
    """The mean F1 of the tokens of each window's most probable span; `[CLS]` stands for none."""

    def __init__(self, name: str = "span_f1", dtype: Any = None) -> None:
        super().__init__(_span_f1, name=name, dtype=dtype)


def _span_f1(y_true: Any, y_pred: Any) -> Any:
    true = ops.cast(y_true, "int32")
    predicted = ops.cast(ops.argmax(y_pred, axis=1), "int32")
    first = ops.maximum(true[:, 0], predicted[:, 0])
    common = ops.maximum(ops.minimum(true[:, 1], predicted[:, 1]) - first + 1, 0)
    length = ops.maximum(predicted[:, 1] - predicted[:, 0] + 1, 0) + true[:, 1] - true[:, 0] + 1
    return 2.0 * ops.cast(common, "float32") / ops.cast(length, "float32")
