"""The `run_fn` of TFX's Trainer: transformed examples in, the candidate's SavedModel out."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from models.batching import TransformedSplit
from models.candidate import Candidate
from models.config import ModelConfig, TrainConfig
from models.export import export_saved_model, write_reference
from models.precision import resolve_precision
from models.presets import backbone_size
from models.tasks import create_task
from models.tasks.base import Task
from models.tokenizer import AlbertTokenizer
from models.training.checkpoint import CheckpointStore
from models.training.distribution import create_strategy, is_chief
from models.training.loop import higher_is_better, train
from models.training.plan import batch_size, plan_training
from models.training.seeds import train_seeds
from models.training.summary import TrainingSummary
from models.transform import vocabulary_copy
from models.tuning.space import with_best
from schemas.features import PRESET_FOLDER
from schemas.model_info import ModelInfo

NAME = "albert"
REFERENCE_ROWS = 32


def run_fn(fn_args: FnArgs) -> None:
    """Trains the candidate that `custom_config` describes, and exports it.

    Args:
      fn_args: TFX's arguments. `custom_config` has `task`, `model` and `train`, sections of the run
        config; `checkpoint_root`, where a killed run finds its checkpoints again; `code_version`;
        and `data`, fingerprints by split. A Tuner's `hyperparameters` go before the config.

    Raises:
      UserError: If the config and the data do not fit each other.
      AlbertTfxError: If the loss becomes infinite or no number, or gets stuck.
    """
    fn_args.custom_config = with_best(fn_args.custom_config, fn_args.hyperparameters)
    train_config = TrainConfig.model_validate(fn_args.custom_config["train"])
    # First of all, while TensorFlow has computed nothing: see `create_strategy`.
    strategy = create_strategy(train_config.distribution, os.environ)
    # Before a tokenizer is made, which this would delete.
    keras.utils.set_random_seed(train_config.seeds[0])
    task = create_task(fn_args.custom_config["task"])
    candidate, summary = train_seeds(
        train_config.seeds,
        _seed_training(fn_args, task, strategy),
        higher_is_better=higher_is_better(task),
    )
    if not is_chief(strategy):
        return
    summary.write(fn_args.model_run_dir)
    _export(candidate, fn_args, transformed_split(fn_args, fn_args.eval_files, task))
    CheckpointStore(checkpoint_dir(fn_args)).remove()


def _seed_training(
    fn_args: FnArgs, task: Task, strategy: tf.distribute.Strategy
) -> Callable[[int, str], tuple[Candidate, TrainingSummary]]:
    """Returns the function that trains the candidate with one seed, for `train_seeds`."""
    config = TrainConfig.model_validate(fn_args.custom_config["train"])
    training, evaluation = (
        transformed_split(fn_args, fn_args.train_files, task),
        transformed_split(fn_args, fn_args.eval_files, task),
    )
    epoch = training.measure(batch_size(config, task.recipe))

    def train_one(seed: int, name: str) -> tuple[Candidate, TrainingSummary]:
        with strategy.scope():
            candidate = build_candidate(fn_args, task, config, seed)
        plan = plan_training(config, task.recipe, epoch, precision=candidate.precision, seed=seed)
        log_dir = fn_args.model_run_dir
        if len(config.seeds) > 1:
            log_dir = os.path.join(log_dir, f"seed-{seed}")
        summary = train(
            candidate.model,
            task,
            replace(plan, name=name),
            training=training,
            epoch=epoch,
            evaluation=evaluation,
            store=CheckpointStore(os.path.join(checkpoint_dir(fn_args), f"seed-{seed}")),
            log_dir=log_dir,
        )
        return candidate, summary

    return train_one


def checkpoint_dir(fn_args: FnArgs) -> str:
    """Returns the folder of a run's checkpoints, one for each set of config, code and data."""
    identity = [fn_args.custom_config, fn_args.train_files, fn_args.transform_output]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    return os.path.join(fn_args.custom_config["checkpoint_root"], digest)


def transformed_split(fn_args: FnArgs, patterns: Sequence[str], task: Task) -> TransformedSplit:
    """Returns the rows of one split."""
    spec = tft.TFTransformOutput(fn_args.transform_output).transformed_feature_spec()
    return TransformedSplit(patterns, spec, task)


def build_candidate(fn_args: FnArgs, task: Task, train_config: TrainConfig, seed: int) -> Candidate:
    """Makes the candidate, with the vocabulary that the examples were transformed with."""
    model_config = ModelConfig.model_validate(fn_args.custom_config["model"])
    # The width of given weights is not looked up for this: published ones are all wide.
    hidden_dim = None if model_config.weights else backbone_size(model_config).hidden_dim
    with tf.io.gfile.GFile(vocabulary_copy(fn_args.transform_output), "rb") as stream:
        tokenizer = AlbertTokenizer(stream.read())
    return Candidate.build(
        task,
        model_config,
        tokenizer,
        seed=seed,
        precision=resolve_precision(train_config.precision, hidden_dim=hidden_dim),
        gradient_checkpointing=train_config.gradient_checkpointing,
    )


def _export(candidate: Candidate, fn_args: FnArgs, evaluation: TransformedSplit) -> None:
    """Writes the SavedModel with the trainer's own answers, and the preset beside it."""
    task = candidate.task
    served = candidate.in_float32()
    info = ModelInfo(
        name=NAME,
        task=task.name,
        labels=task.labels,
        max_length=candidate.config.max_length,
        code_version=fn_args.custom_config["code_version"],
        data=fn_args.custom_config["data"],
    )
    task.calibrate(served.model, evaluation.unpadded_batches(REFERENCE_ROWS))
    export_saved_model(fn_args.serving_model_dir, task, served.predict_function(), info)
    row_ids, answers = served.reference(evaluation.first_rows(REFERENCE_ROWS))
    write_reference(fn_args.serving_model_dir, row_ids.numpy().tolist(), answers)
    served.save_preset(
        os.path.join(os.path.dirname(fn_args.serving_model_dir), PRESET_FOLDER),
        vocabulary_copy(fn_args.transform_output),
    )
