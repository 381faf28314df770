"""Metrics of classification for TFMA, from one pass over labels and probabilities.

All of them are read from the same counts, which Beam merges: a confusion matrix, the log loss, and
for each class a histogram of scores. Values equal scikit-learn's, but for two that it would call
0.0 or refuse, and that are NaN here because the rows cannot tell: correlation and AUC where all
rows have the same label, as in a slice by label.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.one_pass import computations

_Key = TypeVar("_Key", bound=Hashable)

_MIN_PROBABILITY = 1e-7
_LOG_ODDS_BUCKETS = 1000
"""Buckets of the AUC's histogram for each unit of log odds.

Even steps of probability, as in TFMA's AUC, put all sure answers into one bucket.
"""
_MAX_LOG_ODDS = 104.0  # the smallest float32 is exp(-103.3)


def _no_weights() -> defaultdict[Any, float]:
    return defaultdict(float)


@dataclass
class ClassificationCounts:
    """What the metrics need to know of a set of rows.

    Attributes:
      confusion: Weight of the rows by (label, predicted label).
      scores: Weight of the rows by (class, bucket of its log odds, whether it is the label).
      log_loss: Sum of weight times -log(probability of the label).
    """

    confusion: dict[tuple[int, int], float] = field(default_factory=_no_weights)
    scores: dict[tuple[int, int, bool], float] = field(default_factory=_no_weights)
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
        with np.errstate(divide="ignore"):
            log_odds = np.log(probabilities) - np.log(probabilities.sum() - probabilities)
        buckets = np.rint(log_odds.clip(-_MAX_LOG_ODDS, _MAX_LOG_ODDS) * _LOG_ODDS_BUCKETS)
        for class_id, bucket in enumerate(buckets.astype(int).tolist()):
            self.scores[class_id, bucket, class_id == label] += weight

    def merge(self, other: ClassificationCounts) -> None:
        """Counts the rows of `other` too."""
        _add_all(self.confusion, other.confusion)
        _add_all(self.scores, other.scores)
        self.log_loss += other.log_loss

    def matrix(self) -> np.ndarray:
        """Returns the confusion matrix, float `(present, present)`, of the classes that occur."""
        present = sorted({class_id for pair in self.confusion for class_id in pair})
        return np.array(
            [[self.confusion[label, predicted] for predicted in present] for label in present],
            float,
        )


def _add_all(weights: dict[_Key, float], others: Mapping[_Key, float]) -> None:
    for key, weight in others.items():
        weights[key] += weight


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


def macro_auc(counts: ClassificationCounts) -> float:
    """Returns the mean area under the ROC curves of each class against the rest.

    Of two classes that is the AUC. Classes that no row has, or every row, do not count; NaN where
    that leaves none.
    """
    areas = [
        _auc(counts, class_id)
        for class_id in sorted({class_id for class_id, _, _ in counts.scores})
    ]
    defined = [area for area in areas if not math.isnan(area)]
    return float(np.mean(defined)) if defined else math.nan


def cross_entropy(counts: ClassificationCounts) -> float:
    """Returns the mean of -log(probability of the label)."""
    return counts.log_loss / sum(counts.confusion.values())


def _auc(counts: ClassificationCounts, class_id: int) -> float:
    """Returns the share of (negative, positive) pairs in the right order; a tie is half right."""
    buckets = sorted({bucket for scored, bucket, _ in counts.scores if scored == class_id})
    negatives = np.array([counts.scores[class_id, bucket, False] for bucket in buckets], float)
    positives = np.array([counts.scores[class_id, bucket, True] for bucket in buckets], float)
    pairs = negatives.sum() * positives.sum()
    if pairs == 0:
        return math.nan
    negatives_below = np.cumsum(negatives) - negatives
    return float((positives * (negatives_below + negatives / 2)).sum() / pairs)


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


class ClassificationMacroAUC(metric_types.Metric):
    """`macro_auc` as a TFMA metric."""

    def __init__(self, name: str = "auc") -> None:
        super().__init__(computations(ClassificationCounts, macro_auc), name=name)


class ClassificationCrossEntropy(metric_types.Metric):
    """`cross_entropy` as a TFMA metric."""

    def __init__(self, name: str = "cross_entropy") -> None:
        super().__init__(computations(ClassificationCounts, cross_entropy), name=name)
