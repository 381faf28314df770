"""The record of a training run, `training.json` in the model_run artifact."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import tensorflow as tf
from pydantic import BaseModel, ConfigDict

from models.batching import EpochSize
from models.training.plan import TrainingPlan
from models.training.state import TrainingState
from schemas.features import TRAINING_SUMMARY_FILE

if TYPE_CHECKING:
    from models.training.callbacks import CountSteps


class SeedResult(BaseModel):
    """What training with one seed came to.

    Attributes:
      seed: The seed.
      steps: Optimizer steps.
      best_step: Step of its best weights.
      best_score: Their dev metric.
      seconds: Time of training and evaluations.
    """

    model_config = ConfigDict(frozen=True)

    seed: int
    steps: int
    best_step: int | None
    best_score: float | None
    seconds: float


class TrainingSummary(BaseModel):
    """What a run did; with several seeds, the run of the best.

    Attributes:
      seed: Its seed.
      precision: Keras dtype policy.
      optimizer: Its name.
      steps: Optimizer steps.
      planned_steps: Those that early stopping, where `steps` are fewer, has cut short.
      epochs: Passes over the training split.
      batch_size: Rows computed at a time, on all devices together.
      accumulation: Batches of a step.
      learning_rate: Peak rate.
      seconds: Time of training and evaluations, of earlier processes of this run too.
      steps_per_second: Of this process, without tracing and evaluations; None without a step.
      tokens_per_second: The same in tokens without padding.
      padding_ratio: Share of the computed tokens that is padding.
      best_step: Step of the weights that were kept.
      selection_metric: Name of the dev metric that the task selects by.
      best_score: Their value of it.
      resumed_from_step: Where this process took over from one that was killed; 0 for a whole run.
      history: What every evaluation gave.
      seeds: Every seed's figures, in the order of the config.
      mean_score: Mean of their best scores.
      score_deviation: Standard deviation (of a sample) of these; None for one seed.
    """

    model_config = ConfigDict(frozen=True)

    seed: int
    precision: str
    optimizer: str
    steps: int
    planned_steps: int
    epochs: float
    batch_size: int
    accumulation: int
    learning_rate: float
    seconds: float
    steps_per_second: float | None
    tokens_per_second: float | None
    padding_ratio: float
    best_step: int | None
    selection_metric: str
    best_score: float | None
    resumed_from_step: int
    history: tuple[dict[str, float], ...]
    seeds: tuple[SeedResult, ...] = ()
    mean_score: float | None = None
    score_deviation: float | None = None

    def seed_result(self) -> SeedResult:
        """Returns the figures by which seeds are compared."""
        return SeedResult(
            seed=self.seed,
            steps=self.steps,
            best_step=self.best_step,
            best_score=self.best_score,
            seconds=self.seconds,
        )

    def write(self, directory: str) -> None:
        """Writes the record into a folder, which may be remote."""
        tf.io.gfile.makedirs(directory)
        path = posixpath.join(directory, TRAINING_SUMMARY_FILE)
        with tf.io.gfile.GFile(path, "w") as stream:
            stream.write(self.model_dump_json(indent=2) + "\n")


def summarize(
    plan: TrainingPlan,
    epoch: EpochSize,
    state: TrainingState,
    counter: CountSteps,
    *,
    resumed_from_step: int,
    selection_metric: str,
) -> TrainingSummary:
    """Returns the record of a run that has ended."""
    rate = counter.steady_steps / counter.steady_seconds if counter.steady_steps else None
    tokens_per_step = plan.batches(1) * epoch.tokens / epoch.batches
    return TrainingSummary(
        seed=plan.seed,
        precision=plan.precision,
        optimizer=plan.optimizer,
        steps=state.step,
        planned_steps=plan.steps,
        epochs=plan.batches(state.step) / epoch.batches,
        batch_size=plan.batch_size,
        accumulation=plan.accumulation,
        learning_rate=plan.learning_rate,
        seconds=state.seconds,
        steps_per_second=rate,
        tokens_per_second=None if rate is None else rate * tokens_per_step,
        padding_ratio=epoch.padding_ratio,
        best_step=state.best_step,
        selection_metric=selection_metric,
        best_score=state.best_score,
        resumed_from_step=resumed_from_step,
        history=tuple(state.history),
    )
