"""The area under the ROC curve of each class, from histograms of scores, which Beam merges."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_LOG_ODDS_BUCKETS = 1000
"""Buckets for each unit of log odds.

Even steps of probability, as in TFMA's AUC, put all sure answers into one bucket.
"""
_MAX_LOG_ODDS = 104.0  # the smallest float32 is exp(-103.3)


def _no_weights() -> defaultdict[Any, float]:
    return defaultdict(float)


@dataclass
class ScoreHistograms:
    """A histogram of scores for each class.

    Attributes:
      weights: Weight of the rows by (class, bucket of its log odds, whether the row has it).
    """

    weights: dict[tuple[int, int, bool], float] = field(default_factory=_no_weights)

    def add(
        self, probabilities: np.ndarray, others: np.ndarray, has: np.ndarray, weight: float
    ) -> None:
        """Counts one row.

        Args:
          probabilities: Of each class, float64 `(num_classes,)`.
          others: What is left for the other answers, same shape; more exact than 1 minus that.
          has: Whether the row has the class, bool, same shape.
          weight: Weight of the row.
        """
        with np.errstate(divide="ignore"):
            log_odds = np.log(probabilities) - np.log(others)
        buckets = np.rint(log_odds.clip(-_MAX_LOG_ODDS, _MAX_LOG_ODDS) * _LOG_ODDS_BUCKETS)
        for class_id, (bucket, there) in enumerate(
            zip(buckets.astype(int).tolist(), has.tolist(), strict=True)
        ):
            self.weights[class_id, bucket, there] += weight

    def merge(self, other: ScoreHistograms) -> None:
        """Counts the rows of `other` too."""
        for key, weight in other.weights.items():
            self.weights[key] += weight

    def macro_auc(self) -> float:
        """Returns the mean area under the ROC curves of each class against the rest.

        Of two classes of which a row has one that is the AUC. Classes that no row has, or every
        row, do not count; NaN where that leaves none.
        """
        areas = [self._auc(class_id) for class_id in sorted({key[0] for key in self.weights})]
        defined = [area for area in areas if not math.isnan(area)]
        return float(np.mean(defined)) if defined else math.nan

    def _auc(self, class_id: int) -> float:
        """Returns the share of (without, with) pairs in the right order; a tie is half right."""
        buckets = sorted({bucket for scored, bucket, _ in self.weights if scored == class_id})
        negatives, positives = (
            np.array([self.weights.get((class_id, bucket, has), 0.0) for bucket in buckets])
            for has in (False, True)
        )
        pairs = negatives.sum() * positives.sum()
        if pairs == 0:
            return math.nan
        negatives_below = np.cumsum(negatives) - negatives
        return float((positives * (negatives_below + negatives / 2)).sum() / pairs)
