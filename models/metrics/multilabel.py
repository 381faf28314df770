"""Metrics of multi-label classification for TFMA, from one pass over labels and probabilities.

Values equal scikit-learn's, but for F1 where there is nothing to find and nothing was found: a
label that no row has and no answer chose does not count, and NaN says that none does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.one_pass import computations
from models.metrics.roc import ScoreHistograms

_THRESHOLD = 0.5


@dataclass
class LabelCounts:
    """What the metrics need to know of a set of rows.

    Attributes:
      threshold: Least probability of a label that is chosen.
      right: Weight of the rows that have a label and were given it, by label.
      had: Weight of the rows that have a label, by label.
      given: Weight of the rows that were given a label, by label.
      exact: Weight of the rows whose labels are all right.
      rows: Weight of all rows.
      scores: Of each label.
    """

    threshold: float = _THRESHOLD
    right: np.ndarray = field(default_factory=lambda: np.zeros(1))
    had: np.ndarray = field(default_factory=lambda: np.zeros(1))
    given: np.ndarray = field(default_factory=lambda: np.zeros(1))
    exact: float = 0.0
    rows: float = 0.0
    scores: ScoreHistograms = field(default_factory=ScoreHistograms)

    def add(self, label: np.ndarray, prediction: np.ndarray, weight: float = 1.0) -> None:
        """Counts one row.

        Args:
          label: 1 for each label it has, `(num_labels,)`.
          prediction: Probabilities, float `(num_labels,)`.
          weight: Weight of the row.
        """
        had, given = label.astype(bool), prediction >= np.float32(self.threshold)
        self.right = self.right + weight * (had & given)
        self.had = self.had + weight * had
        self.given = self.given + weight * given
        self.exact += weight * bool((had == given).all())
        self.rows += weight
        probabilities = prediction.astype(np.float64)
        self.scores.add(probabilities, 1.0 - probabilities, had, weight)

    def merge(self, other: LabelCounts) -> None:
        """Counts the rows of `other` too."""
        for name in ("right", "had", "given", "exact", "rows"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.scores.merge(other.scores)


def micro_f1(counts: LabelCounts) -> float:
    """Returns the F1 of all labels of all rows taken together."""
    either = float(counts.had.sum() + counts.given.sum())
    return 2 * float(counts.right.sum()) / either if either else math.nan


def macro_f1(counts: LabelCounts) -> float:
    """Returns the mean F1 over the labels that a row has or was given."""
    either = counts.had + counts.given
    occurs = either > 0
    return float(np.mean(2 * counts.right[occurs] / either[occurs])) if occurs.any() else math.nan


def macro_auc(counts: LabelCounts) -> float:
    """Returns the mean area under the ROC curves of the labels, whatever the threshold."""
    return counts.scores.macro_auc()


def exact_match(counts: LabelCounts) -> float:
    """Returns the share of rows whose labels are all right."""
    return counts.exact / counts.rows


class _MultiLabelMetric(metric_types.Metric):
    """A metric of the counts with one threshold."""

    def __init__(
        self, value: Callable[[LabelCounts], float], *, threshold: float, name: str
    ) -> None:
        super().__init__(computations(partial(LabelCounts, threshold), value), name=name)
        self._threshold = threshold

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self._threshold}


class MultiLabelMicroF1(_MultiLabelMetric):
    """`micro_f1` as a TFMA metric."""

    def __init__(self, threshold: float = _THRESHOLD, name: str = "micro_f1") -> None:
        super().__init__(micro_f1, threshold=threshold, name=name)


class MultiLabelMacroF1(_MultiLabelMetric):
    """`macro_f1` as a TFMA metric."""

    def __init__(self, threshold: float = _THRESHOLD, name: str = "macro_f1") -> None:
        super().__init__(macro_f1, threshold=threshold, name=name)


class MultiLabelExactMatch(_MultiLabelMetric):
    """`exact_match` as a TFMA metric."""

    def __init__(self, threshold: float = _THRESHOLD, name: str = "exact_match") -> None:
        super().__init__(exact_match, threshold=threshold, name=name)


class MultiLabelMacroAUC(_MultiLabelMetric):
    """`macro_auc` as a TFMA metric; it has the threshold of the counts that it shares."""

    def __init__(self, threshold: float = _THRESHOLD, name: str = "auc") -> None:
        super().__init__(macro_auc, threshold=threshold, name=name)
