"""Puts a plan together: what a run costs on a device, and what other batch sizes would."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from models.epoch import EpochSize
from models.plan.devices import Device
from models.plan.flops import StepFlops, step_flops
from models.plan.lengths import Lengths
from models.plan.memory import StepMemory, StepSetup, step_memory
from models.plan.parameters import Parameters, count_parameters
from models.plan.shape import ModelShape, model_shape
from models.plan.speed import StepTime, evaluation_seconds, step_time
from models.training.plan import TrainingPlan, batch_size, chosen_recipe, plan_training
from pipeline.config import RunConfig
from pipeline.plan.rows import DataSize, data_size, vocabulary_size

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_HOUR = 3600.0


@dataclass(frozen=True)
class Choice:
    """One way to compute the steps, and what it comes to.

    Attributes:
      batch_size: Rows of an optimizer step, computed at once.
      checkpointing: Whether layers are computed again in the backward pass.
      memory_bytes: Peak of a step.
      fits: Whether the device holds that.
      tokens_per_second: Real tokens, without padding.
      hours: Training time for the same rows; None where the steps are not known.
    """

    batch_size: int
    checkpointing: bool
    memory_bytes: int
    fits: bool
    tokens_per_second: float
    hours: float | None


@dataclass(frozen=True)
class Plan:
    """What a run will need.

    Attributes:
      name: Name of the run.
      device: Where it runs.
      precision: Keras policy.
      shape: Dimensions of the model.
      data: Rows and lengths.
      parameters: Numbers of parameters by part.
      batch_size: Rows that are computed at a time.
      checkpointing: Whether layers are computed again in the backward pass.
      accumulation: Batches of a step.
      flops: Of a step at the rows' lengths.
      longest_flops: Of a step whose rows are all as long as the longest.
      memory: At the peak, with rows as long as the longest.
      time: Of a step at the rows' lengths.
      steps: Optimizer steps; None where the rows are not known.
      runs: Trainings: one for each seed.
      hours: All trainings with their evaluations; None where the steps are not known.
      cost: Of those hours; None without a price.
      choices: Other batch sizes, each with and without checkpointing.
    """

    name: str
    device: Device
    precision: str
    shape: ModelShape
    data: DataSize
    parameters: Parameters
    batch_size: int
    checkpointing: bool
    accumulation: int
    flops: StepFlops
    longest_flops: StepFlops
    memory: StepMemory
    time: StepTime
    steps: int | None
    runs: int
    hours: float | None
    cost: float | None
    choices: tuple[Choice, ...]

    @property
    def fits(self) -> bool:
        """Whether the device holds the peak."""
        return self.memory.total <= self.device.memory_bytes


def make_plan(
    config: RunConfig,
    find_device: Callable[[ModelShape, int], Device],
    *,
    rows: int | None = None,
    price: float | None = None,
) -> Plan:
    """Plans the training of `config`.

    Args:
      config: The run config.
      find_device: From the shape of the model and the tokens of a step to the device.
      rows: Training rows, where they are not to be counted.
      price: Of an hour on the device.

    Raises:
      UserError: If the size, the weights or the vocabulary cannot be used.
    """
    data = data_size(config, rows=rows)
    shape = config_shape(config)
    batch = batch_size(config.train, config.typed_task.recipe)
    device = find_device(shape, round(batch * data.sequences * data.lengths.mean))
    precision = device.precision if config.train.precision == "auto" else config.train.precision
    setup = step_setup(
        config, data.lengths, data.sequences, precision=precision, is_gpu=device.is_gpu
    )
    flops, time, memory = _step(shape, data.lengths, device, setup)
    training = planned_training(config, data.train_rows, precision=precision)
    runs = len(config.train.seeds)
    hours = (
        None
        if training is None
        else runs * _hours(training, shape, data, device, setup, time.total)
    )
    steps = None if training is None else training.steps
    longest = Lengths(setup.length, setup.length**2, setup.length)
    return Plan(
        name=config.name,
        device=device,
        precision=precision,
        shape=shape,
        data=data,
        parameters=count_parameters(shape),
        batch_size=batch,
        checkpointing=setup.checkpointing,
        accumulation=setup.accumulation,
        flops=flops,
        longest_flops=step_flops(
            shape, longest, setup.rows * setup.accumulation, checkpointing=setup.checkpointing
        ),
        memory=memory,
        time=time,
        steps=steps,
        runs=runs,
        hours=hours,
        cost=None if hours is None or price is None else hours * price,
        choices=_choices(
            shape,
            data,
            device,
            setup,
            rows=None if steps is None else steps * batch * setup.accumulation,
        ),
    )


def config_shape(config: RunConfig) -> ModelShape:
    """Returns the shape of a config's model.

    Raises:
      UserError: If the size, the weights or the vocabulary cannot be used.
    """
    return model_shape(
        config.model,
        vocabulary_size=vocabulary_size(config),
        num_outputs=max(1, len(config.typed_task.labels)),
        first_token_only=config.typed_task.first_token_only,
    )


def step_setup(
    config: RunConfig, lengths: Lengths, sequences: float, *, precision: str, is_gpu: bool
) -> StepSetup:
    """Returns how a config's largest step is computed; its rows are sequences."""
    return StepSetup(
        rows=round(batch_size(config.train, config.typed_task.recipe) * sequences),
        length=lengths.longest,
        precision=precision,
        checkpointing=config.train.gradient_checkpointing,
        accumulation=config.train.accumulation,
        dropout=bool(config.model.dropout),
        is_gpu=is_gpu,
        scored_positions=config.typed_task.scored_positions(lengths.longest),
    )


def planned_training(config: RunConfig, rows: int | None, *, precision: str) -> TrainingPlan | None:
    """Returns what the trainer will do, or None where that depends on rows that are not known."""
    train, recipe = config.train, config.typed_task.recipe
    has_steps = train.steps or (not train.epochs and chosen_recipe(train, recipe).steps)
    if rows is None and not has_steps:
        return None
    batch, known = batch_size(train, recipe), rows or 0
    epoch = EpochSize(batch, known, math.ceil(known / batch), tokens=0, padded_tokens=0)
    return plan_training(train, recipe, epoch, precision=precision)


def _step(
    shape: ModelShape, lengths: Lengths, device: Device, setup: StepSetup
) -> tuple[StepFlops, StepTime, StepMemory]:
    rows = setup.rows * setup.accumulation
    flops = step_flops(shape, lengths, rows, checkpointing=setup.checkpointing)
    time = step_time(
        shape,
        lengths,
        rows,
        device,
        precision=setup.precision,
        checkpointing=setup.checkpointing,
        accumulation=setup.accumulation,
    )
    return flops, time, step_memory(shape, setup)


def _hours(
    training: TrainingPlan,
    shape: ModelShape,
    data: DataSize,
    device: Device,
    setup: StepSetup,
    step_seconds: float,
) -> float:
    """Returns the hours of one training and its evaluations."""
    evaluations = math.ceil(training.steps / training.eval_every)
    one = evaluation_seconds(
        shape,
        data.lengths,
        round((data.eval_rows or 0) * data.sequences),
        device,
        precision=setup.precision,
        batch_size=setup.rows,
    )
    return (training.steps * step_seconds + evaluations * one) / _HOUR


def _choices(
    shape: ModelShape, data: DataSize, device: Device, setup: StepSetup, *, rows: int | None
) -> tuple[Choice, ...]:
    """Returns what other batch sizes come to for `rows` rows in all."""
    choices = []
    for batch in BATCH_SIZES:
        for checkpointing in (False, True):
            sequences = round(batch * data.sequences)
            changed = replace(setup, rows=sequences, checkpointing=checkpointing, accumulation=1)
            _, time, memory = _step(shape, data.lengths, device, changed)
            hours = None if rows is None else rows / batch * time.total / _HOUR
            choices.append(
                Choice(
                    batch_size=batch,
                    checkpointing=checkpointing,
                    memory_bytes=memory.total,
                    fits=memory.total <= device.memory_bytes,
                    tokens_per_second=sequences * data.lengths.mean / time.total,
                    hours=hours,
                )
            )
    return tuple(choices)
