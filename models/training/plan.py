"""What a training run will do: the config, with the task's recipe where it is silent."""

import math
from dataclasses import dataclass

from models.batching import EpochSize
from models.config import TrainConfig
from models.tasks.base import Recipe

EVALUATIONS = 10
"""Dev evaluations in a run, where the config does not say how far they lie apart."""


@dataclass(frozen=True)
class TrainingPlan:
    """The settled numbers of a run.

    Attributes:
      precision: Keras dtype policy.
      learning_rate: Peak rate.
      batch_size: Rows a step.
      steps: Optimizer steps in all.
      warmup_steps: Steps in which the rate rises.
      weight_decay: AdamW's.
      clip_norm: Global norm that gradients are clipped to.
      eval_every: Steps between evaluations, each with a checkpoint; the last step has one too.
      seed: Seed of the order of rows.
    """

    precision: str
    learning_rate: float
    batch_size: int
    steps: int
    warmup_steps: int
    weight_decay: float
    clip_norm: float
    eval_every: int
    seed: int


def batch_size(config: TrainConfig, recipe: Recipe) -> int:
    """Returns the rows of a step."""
    return config.batch_size or recipe.batch_size


def plan_training(
    config: TrainConfig, recipe: Recipe, epoch: EpochSize, *, precision: str
) -> TrainingPlan:
    """Settles what a run will do.

    Args:
      config: The `train` section of the run config.
      recipe: The task's defaults.
      epoch: Size of an epoch of the training split in batches of `batch_size(config, recipe)`.
      precision: Keras dtype policy.
    """
    steps = config.steps or epoch.steps(config.epochs or recipe.epochs)
    return TrainingPlan(
        precision=precision,
        learning_rate=config.learning_rate or recipe.learning_rate,
        batch_size=batch_size(config, recipe),
        steps=steps,
        warmup_steps=min(math.ceil(steps * config.warmup_ratio), steps - 1),
        weight_decay=config.weight_decay,
        clip_norm=config.clip_norm,
        eval_every=min(config.eval_every or math.ceil(steps / EVALUATIONS), steps),
        seed=config.seed,
    )
