"""The `run_fn` of TFX's Trainer: transformed examples in, the candidate's SavedModel out."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

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
from models.tokenizer import AlbertTokenizer
from models.training.checkpoint import CheckpointStore
from models.training.loop import train
from models.training.plan import batch_size, plan_training
from models.transform import vocabulary_copy
from schemas.model_info import ModelInfo

NAME = "albert"
PRESET_FOLDER = "preset"
"""Beside Format-Serving in the Model artifact: the backbone, for `model.weights` of a later run."""

REFERENCE_ROWS = 32


def run_fn(fn_args: FnArgs) -> None:
    """Trains the candidate that `custom_config` describes, and exports it.

    Args:
      fn_args: TFX's arguments. `custom_config` has `task`, `model` and `train`, sections of the run
        config; `checkpoint_root`, where a killed run finds its checkpoints again; `code_version`;
        and `data`, fingerprints by split.

    Raises:
      UserError: If the config and the data do not fit each other.
      AlbertTfxError: If the loss becomes infinite or no number.
    """
    config = fn_args.custom_config
    train_config = TrainConfig.model_validate(config["train"])
    # Before the tokenizer is made, which this would delete.
    keras.utils.set_random_seed(train_config.seed)
    candidate = _build(config, fn_args.transform_output, train_config)
    spec = tft.TFTransformOutput(fn_args.transform_output).transformed_feature_spec()
    training = TransformedSplit(fn_args.train_files, spec)
    evaluation = TransformedSplit(fn_args.eval_files, spec)
    recipe = candidate.task.recipe
    epoch = training.measure(batch_size(train_config, recipe))
    store = CheckpointStore(checkpoint_dir(fn_args))
    summary = train(
        candidate.model,
        candidate.task,
        plan_training(train_config, recipe, epoch, precision=candidate.precision),
        training=training,
        epoch=epoch,
        evaluation=evaluation,
        store=store,
        log_dir=fn_args.model_run_dir,
    )
    summary.write(fn_args.model_run_dir)
    _export(candidate, fn_args, evaluation)
    store.remove()


def checkpoint_dir(fn_args: FnArgs) -> str:
    """Returns the folder of a run's checkpoints, one for each set of config, code and data."""
    identity = [fn_args.custom_config, fn_args.train_files, fn_args.transform_output]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    return os.path.join(fn_args.custom_config["checkpoint_root"], digest)


def _build(
    config: Mapping[str, Any], transform_output: str, train_config: TrainConfig
) -> Candidate:
    """Makes the candidate, with the vocabulary that the examples were transformed with."""
    model_config = ModelConfig.model_validate(config["model"])
    # The width of given weights is not looked up for this: published ones are all wide.
    hidden_dim = None if model_config.weights else backbone_size(model_config).hidden_dim
    with tf.io.gfile.GFile(vocabulary_copy(transform_output), "rb") as stream:
        tokenizer = AlbertTokenizer(stream.read())
    return Candidate.build(
        create_task(config["task"]),
        model_config,
        tokenizer,
        seed=train_config.seed,
        precision=resolve_precision(train_config.precision, hidden_dim=hidden_dim),
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
    export_saved_model(
        fn_args.serving_model_dir, task, served.predict_function(), info, tracked=served.tracked
    )
    row_ids, inputs = evaluation.first_rows(REFERENCE_ROWS)
    answers = served.answers(inputs)
    write_reference(
        fn_args.serving_model_dir, row_ids, {task.prediction_key: answers[task.prediction_key]}
    )
    served.save_preset(
        os.path.join(os.path.dirname(fn_args.serving_model_dir), PRESET_FOLDER),
        vocabulary_copy(fn_args.transform_output),
    )
