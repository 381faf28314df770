"""What a training run will do: the config, with the task's recipe where it is silent."""

import math
from dataclasses import dataclass

from models.config import RateFactors, TrainConfig
from models.epoch import EpochSize
from models.recipes import PAPER_RECIPES, OptimizerName, Recipe

EVALUATIONS = 10
"""Dev evaluations in a run, where the config does not say how far they lie apart."""


@dataclass(frozen=True)
class TrainingPlan:
    """The settled numbers of a run.

    Attributes:
      precision: Keras dtype policy.
      optimizer: Its name.
      learning_rate: Peak rate.
      rate_factors: What it is multiplied by, for each group of weights.
      batch_size: Rows computed at a time, on all devices together.
      accumulation: Batches of an optimizer step.
      steps: Optimizer steps in all.
      warmup_steps: Steps in which the rate rises.
      weight_decay: Of all weights but LayerNorm and bias.
      clip_norm: Global norm that gradients are clipped to.
      eval_every: Steps between evaluations, each with a checkpoint; the last step has one too.
      early_stopping: Evaluations without a better one after which the run ends; None: never.
      stop_when_stuck: Whether a run that learns nothing is ended.
      seed: Seed of the order of rows.
      name: What the progress of the run is shown as.
    """

    precision: str
    optimizer: OptimizerName
    learning_rate: float
    rate_factors: RateFactors
    batch_size: int
    accumulation: int
    steps: int
    warmup_steps: int
    weight_decay: float
    clip_norm: float
    eval_every: int
    early_stopping: int | None
    stop_when_stuck: bool
    seed: int
    name: str = "training"

    def batches(self, steps: int) -> int:
        """Returns the batches that `steps` optimizer steps take."""
        return steps * self.accumulation


def chosen_recipe(config: TrainConfig, recipe: Recipe) -> Recipe:
    """Returns the recipe that `config` names, or else the task's."""
    return recipe if config.recipe is None else PAPER_RECIPES[config.recipe]


def batch_size(config: TrainConfig, recipe: Recipe) -> int:
    """Returns the rows that are computed at a time; a recipe's batch is that of a whole step."""
    recipe = chosen_recipe(config, recipe)
    return config.batch_size or max(1, recipe.batch_size // config.accumulation)


def plan_training(
    config: TrainConfig,
    recipe: Recipe,
    epoch: EpochSize,
    *,
    precision: str,
    seed: int | None = None,
) -> TrainingPlan:
    """Settles what a run will do.

    Args:
      config: The `train` section of the run config.
      recipe: The task's defaults.
      epoch: Size of an epoch of the training split in batches of `batch_size(config, recipe)`.
      precision: Keras dtype policy.
      seed: One of the config's; unset: its first.
    """
    recipe = chosen_recipe(config, recipe)
    steps = _steps(config, recipe, epoch)
    ratio = recipe.warmup_ratio if config.warmup_ratio is None else config.warmup_ratio
    return TrainingPlan(
        precision=precision,
        optimizer=config.optimizer or recipe.optimizer,
        learning_rate=config.learning_rate or recipe.learning_rate,
        rate_factors=config.rate_factors,
        batch_size=batch_size(config, recipe),
        accumulation=config.accumulation,
        steps=steps,
        warmup_steps=min(math.ceil(round(steps * ratio, 6)), steps - 1),
        weight_decay=config.weight_decay,
        clip_norm=config.clip_norm,
        eval_every=min(config.eval_every or math.ceil(steps / EVALUATIONS), steps),
        early_stopping=config.early_stopping,
        stop_when_stuck=config.stop_when_stuck,
        seed=config.seeds[0] if seed is None else seed,
    )


def _steps(config: TrainConfig, recipe: Recipe, epoch: EpochSize) -> int:
    given = config.steps or (None if config.epochs else recipe.steps)
    if given is not None:
        return given
    return epoch.steps((config.epochs or recipe.epochs) / config.accumulation)
