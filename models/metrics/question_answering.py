"""Exact match and F1 of answers for TFMA, over all questions and by whether there is an answer.

A metric of questions that a slice does not have is NaN.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.answer_texts import best_scores
from models.metrics.one_pass import computations


@dataclass
class _Sums:
    """Sums over questions of one kind.

    Attributes:
      weight: Weight of the questions.
      exact_match: Sum of weight times exact match.
      f1: Sum of weight times F1.
    """

    weight: float = 0.0
    exact_match: float = 0.0
    f1: float = 0.0

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(
            self.weight + other.weight,
            self.exact_match + other.exact_match,
            self.f1 + other.f1,
        )


class AnswerScores:
    """What the metrics need to know of a set of questions.

    Attributes:
      with_answer: Questions that their context answers.
      without_answer: Questions that it does not.
    """

    def __init__(self) -> None:
        self.with_answer = _Sums()
        self.without_answer = _Sums()

    @property
    def all(self) -> _Sums:
        """All questions."""
        return self.with_answer + self.without_answer

    def add(self, label: np.ndarray, prediction: np.ndarray, weight: float = 1.0) -> None:
        """Counts one question.

        Args:
          label: The right answers, one JSON list as bytes.
          prediction: The answer, one UTF-8 text as bytes.
          weight: Weight of the question.
        """
        right = json.loads(label.item())
        exact, f1 = best_scores(prediction.item().decode("utf-8", "replace"), right)
        sums = _Sums(weight, weight * exact, weight * f1)
        if right:
            self.with_answer += sums
        else:
            self.without_answer += sums

    def merge(self, other: AnswerScores) -> None:
        """Counts the questions of `other` too."""
        self.with_answer += other.with_answer
        self.without_answer += other.without_answer


def exact_match(scores: AnswerScores) -> float:
    """Returns the share of questions that are answered to the word."""
    return _mean(scores.all.exact_match, scores.all.weight)


def f1(scores: AnswerScores) -> float:
    """Returns the mean F1 of the words of the answers."""
    return _mean(scores.all.f1, scores.all.weight)


def has_answer_exact_match(scores: AnswerScores) -> float:
    """Returns `exact_match` of the questions that have an answer."""
    return _mean(scores.with_answer.exact_match, scores.with_answer.weight)


def has_answer_f1(scores: AnswerScores) -> float:
    """Returns `f1` of the questions that have an answer."""
    return _mean(scores.with_answer.f1, scores.with_answer.weight)


def no_answer_accuracy(scores: AnswerScores) -> float:
    """Returns the share of questions without answer that got none."""
    return _mean(scores.without_answer.exact_match, scores.without_answer.weight)


def _mean(total: float, weight: float) -> float:
    return total / weight if weight else math.nan


class AnswerExactMatch(metric_types.Metric):
    """`exact_match` as a TFMA metric."""

    def __init__(self, name: str = "exact_match") -> None:
        super().__init__(computations(AnswerScores, exact_match), name=name)


class AnswerF1(metric_types.Metric):
    """`f1` as a TFMA metric."""

    def __init__(self, name: str = "f1") -> None:
        super().__init__(computations(AnswerScores, f1), name=name)


class HasAnswerExactMatch(metric_types.Metric):
    """`has_answer_exact_match` as a TFMA metric."""

    def __init__(self, name: str = "has_answer_exact_match") -> None:
        super().__init__(computations(AnswerScores, has_answer_exact_match), name=name)


class HasAnswerF1(metric_types.Metric):
    """`has_answer_f1` as a TFMA metric."""

    def __init__(self, name: str = "has_answer_f1") -> None:
        super().__init__(computations(AnswerScores, has_answer_f1), name=name)


class NoAnswerAccuracy(metric_types.Metric):
    """`no_answer_accuracy` as a TFMA metric."""

    def __init__(self, name: str = "no_answer_accuracy") -> None:
        super().__init__(computations(AnswerScores, no_answer_accuracy), name=name)
