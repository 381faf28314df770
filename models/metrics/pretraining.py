"""Metrics of pretraining for TFMA: how the served model fills in texts and orders sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.one_pass import computations
from schemas import features as keys

_EVEN = 0.5


@dataclass
class FillMaskCounts:
    """What the metrics need to know of a set of rows.

    Attributes:
      words: Weight of the hidden words.
      first: Weight of those that are the first answer for their mask.
      found: Weight of those that are among the answers.
      pairs: Weight of the rows of two segments.
      ordered: Weight of those whose order is told; half of it where both are as probable.
    """

    words: float = 0.0
    first: float = 0.0
    found: float = 0.0
    pairs: float = 0.0
    ordered: float = 0.0

    def add(
        self,
        label: Mapping[str, np.ndarray],
        prediction: Mapping[str, np.ndarray],
        weight: float = 1.0,
    ) -> None:
        """Counts one row.

        Args:
          label: `hidden_words`, one for each mask of the text, and `sentence_order`.
          prediction: `tokens` `(masks, top_k)`, and `in_order`, if the model tells it.
          weight: Weight of the row.
        """
        answers = prediction[keys.TOKENS].tolist()
        for word, best in zip(label[keys.HIDDEN_WORDS].ravel().tolist(), answers, strict=False):
            self.first += weight * (best[:1] == [word])
            self.found += weight * (word in best)
        self.words += weight * label[keys.HIDDEN_WORDS].size
        order = int(label[keys.SENTENCE_ORDER].item())
        if order < 0 or keys.IN_ORDER not in prediction:
            return
        in_order = float(prediction[keys.IN_ORDER].item())
        self.pairs += weight
        self.ordered += weight * (_EVEN if in_order == _EVEN else (in_order < _EVEN) == order)

    def merge(self, other: FillMaskCounts) -> None:
        """Counts the rows of `other` too."""
        self.words += other.words
        self.first += other.first
        self.found += other.found
        self.pairs += other.pairs
        self.ordered += other.ordered


def fill_mask_accuracy(counts: FillMaskCounts) -> float:
    """Returns the share of hidden words that are the first answer.

    A word of several pieces, and one whose mask was cut off, is never found; NaN without words.
    """
    return counts.first / counts.words if counts.words else math.nan


def fill_mask_top_k(counts: FillMaskCounts) -> float:
    """Returns the share of hidden words that are among the answers; NaN without words."""
    return counts.found / counts.words if counts.words else math.nan


def sentence_order_accuracy(counts: FillMaskCounts) -> float:
    """Returns the share of pairs whose order is told; NaN where no row is a pair."""
    return counts.ordered / counts.pairs if counts.pairs else math.nan


_LABELS = (keys.HIDDEN_WORDS, keys.SENTENCE_ORDER)


class FillMaskAccuracy(metric_types.Metric):
    """`fill_mask_accuracy` as a TFMA metric."""

    def __init__(self, name: str = "mlm_accuracy") -> None:
        super().__init__(computations(FillMaskCounts, fill_mask_accuracy, _LABELS), name=name)


class FillMaskTopK(metric_types.Metric):
    """`fill_mask_top_k` as a TFMA metric."""

    def __init__(self, name: str = "mlm_top_k") -> None:
        super().__init__(computations(FillMaskCounts, fill_mask_top_k, _LABELS), name=name)


class SentenceOrderAccuracy(metric_types.Metric):
    """`sentence_order_accuracy` as a TFMA metric."""

    def __init__(self, name: str = "sop_accuracy") -> None:
        super().__init__(computations(FillMaskCounts, sentence_order_accuracy, _LABELS), name=name)
