"""How far a training run has come: kept in its checkpoints, told in its summary."""

from __future__ import annotations

from pydantic import BaseModel, Field


class TrainingState(BaseModel):
    """The part of a run that is no tensor.

    Attributes:
      step: Optimizer steps done.
      seconds: Time spent on them, evaluations included, in this process and those before it.
      best_step: Step of the best weights so far; None before the first evaluation.
      best_score: Their value of the selection metric.
      stopped_early: Whether early stopping has ended the run.
      history: What every evaluation gave: `step`, means of the training metrics since the one
        before, and the dev metrics with the prefix `val_`.
    """

    step: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_score: float | None = None
    stopped_early: bool = False
    history: list[dict[str, float]] = Field(default_factory=list)

    def record(self, logs: dict[str, float], *, score: float, higher_is_better: bool) -> bool:
        """Adds an evaluation at the current step; returns whether its weights are the best so far.

        The earlier weights win a tie.
        """
        self.history.append({"step": float(self.step), **logs})
        if self.best_score is not None:
            gain = score - self.best_score if higher_is_better else self.best_score - score
            if gain <= 0:
                return False
        self.best_step, self.best_score = self.step, score
        return True

    def evaluations_since_best(self) -> int:
        """Returns how many evaluations came after the one of the best weights."""
        return sum(entry["step"] > (self.best_step or 0) for entry in self.history)
