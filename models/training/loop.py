"""Trains a model: Keras' `fit`, where an "epoch" is the stretch between two evaluations."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from models.batching import EpochSize, TransformedSplit
from models.optimizers.create import create_optimizer
from models.optimizers.groups import freeze
from models.optimizers.schedule import WarmupLinearDecay
from models.precision import FLOAT16
from models.tasks.base import Task
from models.training.callbacks import (
    CountSteps,
    KeepCheckpoints,
    LogToTensorBoard,
    ReportProgress,
)
from models.training.checkpoint import CheckpointStore
from models.training.distribution import (
    check_same_step,
    distribute,
    is_chief,
    wait_for_all,
)
from models.training.guard import StopOnNonFiniteLoss, StopWhenStuck
from models.training.plan import TrainingPlan
from models.training.state import TrainingState
from models.training.steps import install_steps
from models.training.summary import TrainingSummary, summarize


def train(
    model: keras.Model,
    task: Task,
    plan: TrainingPlan,
    *,
    training: TransformedSplit,
    epoch: EpochSize,
    evaluation: TransformedSplit,
    store: CheckpointStore,
    log_dir: str,
) -> TrainingSummary:
    """Trains `model`, from the checkpoint in `store` if there is one, and leaves its best weights.

    On a CPU the weights are the same in every run from the same start, interrupted or not. Of
    several processes each calls this; one writes, into folders that all of them see.

    Args:
      model: What `task.build_model` returned, made under the strategy to train with.
      task: Gives loss, metrics, and the dev metric by which weights are chosen.
      plan: What to do.
      training: Rows to learn from.
      epoch: What an epoch of them comes to, in batches of `plan.batch_size` rows.
      evaluation: Dev rows.
      store: Keeps the checkpoints of this run and no other.
      log_dir: Folder of the TensorBoard logs.

    Raises:
      AlbertTfxError: If the loss becomes infinite or no number or gets stuck, or `store` is of
        another model.
      UserError: If the rate factors freeze everything.
    """
    strategy = model.distribute_strategy
    if strategy.num_replicas_in_sync > 1:
        # Not made under the strategy, so that Keras leaves the devices to models.training.steps:
        # its own `fit` fails with several workers.
        model = keras.Model(model.input, model.output)
    with strategy.scope():
        _compile(model, task, plan, strategy)
        state = store.restore(model) or TrainingState()
        check_same_step(strategy, state.step)
        resumed_from_step = state.step
        counter = CountSteps(plan, state)
        if state.step < plan.steps and not state.stopped_early:
            dev = evaluation.measure(plan.batch_size)
            model.fit(
                distribute(
                    strategy,
                    lambda: training.training_batches(
                        epoch, seed=plan.seed, start_step=plan.batches(state.step)
                    ),
                ),
                validation_data=distribute(strategy, lambda: evaluation.evaluation_batches(dev)),
                validation_steps=dev.batches if strategy.num_replicas_in_sync > 1 else None,
                steps_per_epoch=plan.eval_every,
                initial_epoch=state.step // plan.eval_every,
                epochs=math.ceil(plan.steps / plan.eval_every),
                shuffle=False,  # Keras cannot: the batches come in their order
                verbose=0,
                callbacks=[
                    counter,
                    *_guards(task, plan, state, store, training),
                    *_records(task, plan, state, store, log_dir, writes=is_chief(strategy)),
                ],
            )
        wait_for_all(strategy)
        store.restore_best(model, state)
        wait_for_all(strategy)
    return summarize(
        plan,
        epoch,
        state,
        counter,
        resumed_from_step=resumed_from_step,
        selection_metric=task.selection_metric,
    )


def higher_is_better(task: Task) -> bool:
    """Returns the direction of the selection metric, which may be the loss."""
    directions = {metric.name: metric.higher_is_better for metric in task.metrics()}
    return directions.get(task.selection_metric, task.selection_metric != "loss")


def _guards(
    task: Task,
    plan: TrainingPlan,
    state: TrainingState,
    store: CheckpointStore,
    training: TransformedSplit,
) -> list[keras.callbacks.Callback]:
    """Returns what ends a run that has gone wrong, before it can replace a good checkpoint."""
    guards: list[keras.callbacks.Callback] = [StopOnNonFiniteLoss(plan, state, store)]
    if plan.stop_when_stuck:

        def constant_loss() -> float | None:
            return task.constant_loss(training.targets())

        guards.append(StopWhenStuck(plan, state, store, constant_loss=constant_loss))
    return guards


def _records(
    task: Task,
    plan: TrainingPlan,
    state: TrainingState,
    store: CheckpointStore,
    log_dir: str,
    *,
    writes: bool,
) -> list[keras.callbacks.Callback]:
    """Returns what keeps and tells the course of the run; one process writes."""
    keep = KeepCheckpoints(
        state,
        store if writes else None,
        metric=task.selection_metric,
        higher_is_better=higher_is_better(task),
        patience=plan.early_stopping,
    )
    progress = ReportProgress(plan, state, metric=task.selection_metric, name=plan.name)
    return [LogToTensorBoard(log_dir, plan, state), keep, progress] if writes else [keep, progress]


def _compile(
    model: keras.Model, task: Task, plan: TrainingPlan, strategy: tf.distribute.Strategy
) -> None:
    freeze(model, plan.rate_factors)
    optimizer = create_optimizer(
        WarmupLinearDecay(plan.learning_rate, plan.warmup_steps, plan.steps),
        name=plan.optimizer,
        weight_decay=plan.weight_decay,
        clip_norm=plan.clip_norm,
        rate_factors=plan.rate_factors,
    )
    if plan.precision == FLOAT16:
        # Keras adds it only where the model's own policy is mixed_float16, not its layers'.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer,
        loss=task.loss(),
        weighted_metrics=task.training_metrics(),  # a filler row has the weight 0
        jit_compile=False,  # every length of a batch would be compiled anew
        auto_scale_loss=False,
    )
    optimizer.build(model.trainable_variables)
    install_steps(model, accumulation=plan.accumulation, strategy=strategy)
