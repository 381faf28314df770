"""Metrics of regression for TFMA, from one pass over scores and predictions.

Ranks are known only when all rows are, so the rows are kept: 24 bytes each in every slice. Values
equal SciPy's and scikit-learn's, but for correlations with a constant, which SciPy does not define:
0.0 where all predictions are the same, as those of the baseline `mean` are, and NaN where all
scores are, because the rows cannot tell.
"""

from __future__ import annotations

import math
from array import array

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.one_pass import computations


class ScoredRows:
    """The rows: score, prediction and weight of each, one after the other."""

    def __init__(self) -> None:
        self._values = array("d")

    def add(self, label: np.ndarray, prediction: np.ndarray, weight: float = 1.0) -> None:
        """Counts one row.

        Args:
          label: The right score, one value.
          prediction: The predicted one, one value.
          weight: Weight of the row.
        """
        self._values.extend((label.item(), prediction.item(), weight))

    def merge(self, other: ScoredRows) -> None:
        """Counts the rows of `other` too."""
        self._values.extend(other._values)

    def columns(self) -> np.ndarray:
        """Returns scores, predictions and weights, float64 `(3, rows)`."""
        return np.array(self._values).reshape(-1, 3).T


def pearson(rows: ScoredRows) -> float:
    """Returns the correlation of scores and predictions."""
    return _correlation(*rows.columns())


def spearman(rows: ScoredRows) -> float:
    """Returns the correlation of their ranks; equal values share the mean of their ranks."""
    labels, predictions, weights = rows.columns()
    return _correlation(_ranks(labels, weights), _ranks(predictions, weights), weights)


def mean_squared_error(rows: ScoredRows) -> float:
    """Returns the mean of the squared differences."""
    labels, predictions, weights = rows.columns()
    return float(np.average((labels - predictions) ** 2, weights=weights))


def _correlation(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    if np.ptp(labels) == 0:
        return math.nan
    if np.ptp(predictions) == 0:
        return 0.0
    labels = labels - np.average(labels, weights=weights)
    predictions = predictions - np.average(predictions, weights=weights)
    covariance, *spreads = (
        float(np.sum(weights * left * right))
        for left, right in ((labels, predictions), (labels, labels), (predictions, predictions))
    )
    return covariance / math.sqrt(spreads[0] * spreads[1])


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the rank of each value where a row counts as often as its weight, but for a constant.

    >>> _ranks(np.array([0.5, 0.1, 0.5]), np.ones(3)).tolist()
    [2.0, 0.5, 2.0]
    """
    _, groups = np.unique(values, return_inverse=True)
    group_weights = np.bincount(groups, weights=weights)
    return (np.cumsum(group_weights) - group_weights / 2)[groups]


class RegressionPearson(metric_types.Metric):
    """`pearson` as a TFMA metric."""

    def __init__(self, name: str = "pearson") -> None:
        super().__init__(computations(ScoredRows, pearson), name=name)


class RegressionSpearman(metric_types.Metric):
    """`spearman` as a TFMA metric."""

    def __init__(self, name: str = "spearman") -> None:
        super().__init__(computations(ScoredRows, spearman), name=name)


class RegressionMeanSquaredError(metric_types.Metric):
    """`mean_squared_error` as a TFMA metric."""

    def __init__(self, name: str = "mse") -> None:
        super().__init__(computations(ScoredRows, mean_squared_error), name=name)
