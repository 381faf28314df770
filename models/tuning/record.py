"""The record of a search, `trials.json` in the Tuner's results (no TensorFlow)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

TrialStatus = Literal["completed", "failed"]


class TrialRecord(BaseModel):
    """One trial.

    Attributes:
      number: From 1 on, in the order of their start.
      status: Whether it has a score.
      values: What was tried, by path in the run config.
      score: The dev metric of its best weights; None where it failed.
      steps: Optimizer steps; None where it failed.
      seconds: Time of training and evaluations; None where it failed.
      message: Why it failed.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    status: TrialStatus
    values: dict[str, Any]
    score: float | None = None
    steps: int | None = None
    seconds: float | None = None
    message: str = ""


class TuningRecord(BaseModel):
    """A whole search.

    Attributes:
      algorithm: How values were chosen.
      metric: Dev metric of the scores.
      higher_is_better: Its direction.
      best: Number of the best trial.
      trials: All, in the order of their start.
    """

    model_config = ConfigDict(frozen=True)

    algorithm: str
    metric: str
    higher_is_better: bool
    best: int
    trials: tuple[TrialRecord, ...]

    @property
    def best_trial(self) -> TrialRecord:
        """The trial whose values the training takes."""
        return next(trial for trial in self.trials if trial.number == self.best)

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        best = self.best_trial
        values = ", ".join(f"{path} {shown(value)}" for path, value in best.values.items())
        return f"best {best.score:.4f} in {len(self.trials)} trials: {values}"


def shown(value: Any) -> str:
    """Returns a value as a person reads it.

    >>> shown(0.000123456), shown(32)
    ('0.0001235', '32')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)
