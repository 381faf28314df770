"""Keras metrics of the dev set that are no mean over batches, so that Keras has none of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import keras
from keras import ops


class _Confusion(keras.metrics.Metric, ABC):
    """A metric of the confusion matrix, whose batches add up."""

    def __init__(self, num_labels: int, *, name: str) -> None:
        super().__init__(name=name)
        self._num_labels = num_labels
        self._matrix = self.add_variable((num_labels, num_labels), "zeros", name="matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
          y_true: Label ids, `(batch,)`.
          y_pred: Logits, `(batch, num_labels)`.
          sample_weight: Weights, `(batch,)`; None: 1.
        """
        labels = ops.one_hot(ops.reshape(y_true, [-1]), self._num_labels, dtype="float32")
        predicted = ops.one_hot(ops.argmax(y_pred, axis=-1), self._num_labels, dtype="float32")
        if sample_weight is not None:
            predicted = predicted * ops.reshape(ops.cast(sample_weight, "float32"), [-1, 1])
        self._matrix.assign_add(ops.matmul(ops.transpose(labels), predicted))

    def result(self) -> Any:
        matrix = ops.convert_to_tensor(self._matrix)
        return self.value(ops.sum(matrix, 1), ops.sum(matrix, 0), ops.diagonal(matrix))

    @abstractmethod
    def value(self, labels: Any, predictions: Any, right: Any) -> Any:
        """Returns the metric of the rows of each label, `(num_labels,)` each."""


class MatthewsCorrelation(_Confusion):
    """The correlation of labels and predictions (Gorodkin, 2004); 0 where one is constant."""

    def value(self, labels: Any, predictions: Any, right: Any) -> Any:
        total = ops.sum(labels)
        covariance = ops.sum(right) * total - ops.sum(labels * predictions)
        spreads = (total**2 - ops.sum(labels**2)) * (total**2 - ops.sum(predictions**2))
        return ops.divide_no_nan(covariance, ops.sqrt(spreads))


class MacroF1(_Confusion):
    """The mean F1 over the labels that occur as a label or a prediction."""

    def value(self, labels: Any, predictions: Any, right: Any) -> Any:
        occurring = ops.cast(labels + predictions > 0, "float32")
        scores = ops.divide_no_nan(2 * right, labels + predictions)
        return ops.divide_no_nan(ops.sum(scores), ops.sum(occurring))


class F1(_Confusion):
    """The F1 of one label."""

    def __init__(self, num_labels: int, *, class_id: int, name: str = "f1") -> None:
        """Makes the metric.

        Args:
          num_labels: Number of labels.
          class_id: Id of the label.
          name: Of the metric.
        """
        super().__init__(num_labels, name=name)
        self._class_id = class_id

    def value(self, labels: Any, predictions: Any, right: Any) -> Any:
        return ops.divide_no_nan(2 * right, labels + predictions)[self._class_id]


class MicroF1(keras.metrics.Metric):
    """The F1 of all labels of all rows taken together, where a row may have several."""

    def __init__(self, threshold: float, *, name: str = "micro_f1") -> None:
        """Makes the metric.

        Args:
          threshold: Least probability of a label that is chosen.
          name: Of the metric.
        """
        super().__init__(name=name)
        self._threshold = threshold
        self._right = self.add_variable((), "zeros", name="right")
        self._either = self.add_variable((), "zeros", name="either")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
          y_true: 1 for each label of a row, `(batch, num_labels)`.
          y_pred: Logits, `(batch, num_labels)`.
          sample_weight: Weights, `(batch,)`; None: 1.
        """
        labels = ops.cast(y_true, "float32")
        chosen = ops.cast(ops.sigmoid(y_pred) >= self._threshold, "float32")
        weights = ops.ones_like(labels)
        if sample_weight is not None:
            weights = weights * ops.reshape(ops.cast(sample_weight, "float32"), [-1, 1])
        self._right.assign_add(ops.sum(weights * labels * chosen))
        self._either.assign_add(ops.sum(weights * (labels + chosen)))

    def result(self) -> Any:
        return ops.divide_no_nan(2 * self._right, self._either)


class PearsonCorrelation(keras.metrics.Metric):
    """The correlation of scores and predictions over all rows; 0 where one is constant."""

    _SUMS = ("rows", "label", "prediction", "label_squares", "prediction_squares", "products")

    def __init__(self, *, name: str = "pearson") -> None:
        # In 64 bits: what is left of squares after the squared mean may be little.
        super().__init__(name=name, dtype="float64")
        self._sums = [self.add_variable((), "zeros", dtype="float64", name=of) for of in self._SUMS]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
          y_true: Scores, `(batch,)`.
          y_pred: Predicted scores, `(batch, 1)` or `(batch,)`.
          sample_weight: Weights, `(batch,)`; None: 1.
        """
        label, prediction = (
            ops.reshape(ops.cast(value, "float64"), [-1]) for value in (y_true, y_pred)
        )
        weights = ops.ones_like(label)
        if sample_weight is not None:
            weights = ops.reshape(ops.cast(sample_weight, "float64"), [-1])
        terms = (1.0, label, prediction, label**2, prediction**2, label * prediction)
        for total, term in zip(self._sums, terms, strict=True):
            total.assign_add(ops.sum(weights * term))

    def result(self) -> Any:
        rows, label, prediction, label_squares, prediction_squares, products = (
            ops.convert_to_tensor(total) for total in self._sums
        )
        covariance = rows * products - label * prediction
        spreads = (rows * label_squares - label**2) * (rows * prediction_squares - prediction**2)
        return ops.divide_no_nan(covariance, ops.sqrt(ops.maximum(spreads, 0.0)))
