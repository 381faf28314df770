"""Metrics of classification for TFMA, from one pass over labels and probabilities.

All of them are read from the same counts, which Beam merges: a confusion matrix, the log loss, and
for each class a histogram of scores. Values equal scikit-learn's, but for three that it would call
0.0 or refuse, and that are NaN here because the rows cannot tell: correlation and AUC where all
rows have the same label, as in a slice by label, and F1 of a class that no row has or was given.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.one_pass import computations
from models.metrics.roc import ScoreHistograms

_MIN_PROBABILITY = 1e-7


def _no_weights() -> defaultdict[Any, float]:
    return defaultdict(float)


@dataclass
class ClassificationCounts:
    """What the metrics need to know of a set of rows.

    Attributes:
      confusion: Weight of the rows by (label, predicted label).
      scores: Of each class.
      log_loss: Sum of weight times -log(probability of the label).
    """

    confusion: dict[tuple[int, int], float] = field(default_factory=_no_weights)
    scores: ScoreHistograms = field(default_factory=ScoreHistograms)
    log_loss: float = 0.0

    def add(self, label: np.ndarray, prediction: np.ndarray, weight: float = 1.0) -> None:
        """Counts one row.

        Args:
          label: Id of the right label, one value.
          prediction: Probabilities, float `(num_labels,)`.
          weight: Weight of the row.
        """
        self._add(int(label.item()), prediction.astype(np.float64), weight)

    def _add(self, label: int, probabilities: np.ndarray, weight: float) -> None:
        self.confusion[label, int(np.argmax(probabilities))] += weight
        self.log_loss -= weight * math.log(max(probabilities[label], _MIN_PROBABILITY))
        others = probabilities.sum() - probabilities
        self.scores.add(probabilities, others, np.arange(len(others)) == label, weight)

    def merge(self, other: ClassificationCounts) -> None:
        """Counts the rows of `other` too."""
        for pair, weight in other.confusion.items():
            self.confusion[pair] += weight
        self.scores.merge(other.scores)
        self.log_loss += other.log_loss

    def matrix(self) -> np.ndarray:
        """Returns the confusion matrix, float `(present, present)`, of the classes that occur."""
        present = sorted({class_id for pair in self.confusion for class_id in pair})
        return np.array(
            [[self.confusion[label, predicted] for predicted in present] for label in present],
            float,
        )


def accuracy(counts: ClassificationCounts) -> float:
    """Returns the share of rows whose most probable label is right."""
    matrix = counts.matrix()
    return float(matrix.trace() / matrix.sum())


def matthews_correlation(counts: ClassificationCounts) -> float:
    """Returns the correlation of labels and predictions for any number of classes (Gorodkin, 2004).

    It is 0 where all predictions are the same, and NaN where all labels are.
    """
    matrix = counts.matrix()
    labels, predictions, total = matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum()
    label_spread = total**2 - (labels**2).sum()
    prediction_spread = total**2 - (predictions**2).sum()
    if label_spread == 0:
        return math.nan
    if prediction_spread == 0:
        return 0.0
    covariance = matrix.trace() * total - (labels * predictions).sum()
    return float(covariance / math.sqrt(label_spread * prediction_spread))


def macro_f1(counts: ClassificationCounts) -> float:
    """Returns the mean F1 over the classes that occur as a label or a prediction."""
    matrix = counts.matrix()
    return float(np.mean(2 * matrix.diagonal() / (matrix.sum(axis=0) + matrix.sum(axis=1))))


def f1(counts: ClassificationCounts, class_id: int) -> float:
    """Returns the F1 of one class, as GLUE takes it of the rows that say yes."""
    either = sum(
        weight * ((label == class_id) + (predicted == class_id))
        for (label, predicted), weight in counts.confusion.items()
    )
    return 2 * counts.confusion.get((class_id, class_id), 0.0) / either if either else math.nan


def macro_auc(counts: ClassificationCounts) -> float:
    """Returns the mean area under the ROC curves of each class against the rest."""
    return counts.scores.macro_auc()


def cross_entropy(counts: ClassificationCounts) -> float:
    """Returns the mean of -log(probability of the label)."""
    return counts.log_loss / sum(counts.confusion.values())


class ClassificationAccuracy(metric_types.Metric):
    """`accuracy` as a TFMA metric."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(computations(ClassificationCounts, accuracy), name=name)


class ClassificationMatthewsCorrelation(metric_types.Metric):
    """`matthews_correlation` as a TFMA metric."""

    def __init__(self, name: str = "mcc") -> None:
        super().__init__(computations(ClassificationCounts, matthews_correlation), name=name)


class ClassificationMacroF1(metric_types.Metric):
    """`macro_f1` as a TFMA metric."""

    def __init__(self, name: str = "macro_f1") -> None:
        super().__init__(computations(ClassificationCounts, macro_f1), name=name)


class ClassificationF1(metric_types.Metric):
    """`f1` as a TFMA metric."""

    def __init__(self, class_id: int, name: str = "f1") -> None:
        value = partial(f1, class_id=class_id)
        super().__init__(computations(ClassificationCounts, value), name=name)
        self._class_id = class_id

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "class_id": self._class_id}


class ClassificationMacroAUC(metric_types.Metric):
    """`macro_auc` as a TFMA metric."""

    def __init__(self, name: str = "auc") -> None:
        super().__init__(computations(ClassificationCounts, macro_auc), name=name)


class ClassificationCrossEntropy(metric_types.Metric):
    """`cross_entropy` as a TFMA metric."""

    def __init__(self, name: str = "cross_entropy") -> None:
        super().__init__(computations(ClassificationCounts, cross_entropy), name=name)
