"""Ends a run that has gone wrong: a loss that is no number, or one that no longer learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

from models.training.checkpoint import CheckpointStore
from models.training.plan import TrainingPlan
from models.training.state import TrainingState
from schemas.errors import AlbertTfxError

STUCK_SHARE = 0.5
"""Share of the planned steps, at least, that a stuck loss must last."""

STUCK_STEPS = 100
"""Steps, at least, that a stuck loss must last: a shorter run proves nothing."""

STUCK_EVALUATIONS = 3
"""Evaluations, at least, between which the loss must have been stuck."""

_LEARNT = 0.01
"""Share of the constant answer's loss by which a model that learns gets below it."""


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is no number any more, before it can replace a good checkpoint.

    An overflow of fp16 is none: it shows in the gradients, and its step is skipped.
    """

    def __init__(self, plan: TrainingPlan, state: TrainingState, store: CheckpointStore) -> None:
        super().__init__()
        self._plan = plan
        self._state = state
        self._store = store

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._check((logs or {})["loss"])

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._check((logs or {})["loss"])

    def _check(self, loss: float) -> None:
        if math.isfinite(loss):
            return
        raise AlbertTfxError(
            f"the loss must stay finite; it became {loss} at step {self._state.step} of "
            f"{self._plan.steps}; lower train.learning_rate ({self._plan.learning_rate:g}) or set "
            f"train.precision to float32 (it is {self._plan.precision}); "
            f"{_kept(self._state, self._store)}"
        )


class StopWhenStuck(keras.callbacks.Callback):
    """Ends a run that has learnt nothing for half of its steps, the warm-up left out.

    ALBERT v2 is known to fall, at high rates, into a state in which it gives every text the same
    answer and its gradients vanish: the training loss then stays at that of the best constant
    answer, which for a label is the entropy of the labels. A model that learns slowly gets below
    it within that time; one that only fails on dev does so too.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        state: TrainingState,
        store: CheckpointStore,
        *,
        constant_loss: Callable[[], float | None],
    ) -> None:
        """Makes the guard.

        Args:
          plan: Says how long the run and its warm-up are.
          state: Holds the losses between the evaluations so far.
          store: Where the best weights are.
          constant_loss: Gives the loss of the best constant answer, or None where there is none to
            tell. It reads the training split, and so is asked for only where the run is slow.
        """
        super().__init__()
        self._plan = plan
        self._state = state
        self._store = store
        self._constant_loss = constant_loss
        self._known: float | None = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        stretches = self._stretches((logs or {})["loss"])
        # With no bound at all; where even this is not long enough there is no need to know it.
        if not self._lasts(stretches, 0.0):
            return
        if self._known is None:
            self._known = self._constant_loss() or math.inf
        bound = (1.0 - _LEARNT) * self._known
        if self._lasts(stretches, bound):
            raise AlbertTfxError(
                f"the training loss must fall below {self._known:.4g}, that of giving every row "
                f"the same answer; it is {stretches[-1][1]:.4g} at step {self._state.step} of "
                f"{self._plan.steps}, and was not below for half of the run; lower "
                f"train.learning_rate ({self._plan.learning_rate:g}), raise train.warmup_ratio, or "
                "look whether the labels belong to their rows; set train.stop_when_stuck to false "
                f"to go on all the same; {_kept(self._state, self._store)}"
            )

    def _stretches(self, loss: float) -> list[tuple[int, float]]:
        """Returns steps and mean loss of each stretch between evaluations after the warm-up."""
        ends = [(int(entry["step"]), entry["loss"]) for entry in self._state.history]
        found, start = [], 0
        for end, mean in [*ends, (self._state.step, loss)]:
            if start >= self._plan.warmup_steps:
                found.append((end - start, mean))
            start = end
        return found

    def _lasts(self, stretches: list[tuple[int, float]], bound: float) -> bool:
        """Returns whether the loss was at `bound` or above for long, up to now."""
        evaluations = steps = 0
        for length, loss in reversed(stretches):
            if loss < bound:
                break
            evaluations, steps = evaluations + 1, steps + length
        needed = max(STUCK_STEPS, STUCK_SHARE * self._plan.steps)
        return evaluations >= STUCK_EVALUATIONS and steps >= needed


def _kept(state: TrainingState, store: CheckpointStore) -> str:
    if state.best_step:
        return f"the best weights, of step {state.best_step}, are in {store.directory}"
    return "there was no evaluation yet whose weights could be kept"
