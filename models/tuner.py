"""The `tuner_fn` of TFX's Tuner: transformed examples in, trials through the training loop."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from models.config import TrainConfig
from models.tasks import create_task
from models.tasks.base import Task
from models.trainer import build_candidate, transformed_split
from models.training.checkpoint import CheckpointStore
from models.training.loop import higher_is_better, train
from models.training.plan import batch_size, plan_training
from models.training.summary import TrainingSummary
from models.tuning.config import TuneConfig
from models.tuning.search import TrialTuner, trial_steps
from models.tuning.space import with_values


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Makes the tuner that `custom_config` describes, with the trials that are done already.

    Args:
      fn_args: TFX's arguments. `custom_config` has `task`, `model` and `train`, sections of the run
        config; `tune`, the section `train.tune`; and `checkpoint_root`, where a killed search finds
        its trials again.
    """
    config = TuneConfig.model_validate(fn_args.custom_config["tune"])
    task = create_task(fn_args.custom_config["task"])

    def run(values: Mapping[str, Any], share: float, directory: str) -> TrainingSummary:
        return run_trial(fn_args, task, config, values, share=share, directory=directory)

    tuner = TrialTuner(
        config,
        run,
        metric=task.selection_metric,
        higher_is_better=higher_is_better(task),
        directory=search_dir(fn_args),
    )
    return TunerFnResult(tuner=tuner, fit_kwargs={"verbose": 0})


def search_dir(fn_args: FnArgs) -> str:
    """Returns the folder of a search, one for each set of config, code and data."""
    identity = [fn_args.custom_config, fn_args.train_files, fn_args.transform_graph_path]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    return os.path.join(fn_args.custom_config["checkpoint_root"], f"tuning-{digest}")


def run_trial(
    fn_args: FnArgs,
    task: Task,
    config: TuneConfig,
    values: Mapping[str, Any],
    *,
    share: float,
    directory: str,
) -> TrainingSummary:
    """Trains a candidate, with the first seed, and some values in the place of the config's.

    Args:
      fn_args: TFX's arguments of the Tuner.
      task: The task of the config.
      config: Bounds the steps.
      values: By path in the run config.
      share: Of the steps.
      directory: Folder of the trial, whose checkpoint an interrupted one goes on from.

    Raises:
      AlbertTfxError: If the loss becomes infinite or no number.
    """
    trial_args = copy.copy(fn_args)
    trial_args.custom_config = with_values(fn_args.custom_config, values)
    trial_args.transform_output = fn_args.transform_graph_path  # as TFX names it for a Trainer
    train_config = TrainConfig.model_validate(trial_args.custom_config["train"])
    seed = train_config.seeds[0]
    keras.utils.clear_session()  # the graphs of the trial before
    keras.utils.set_random_seed(seed)
    candidate = build_candidate(trial_args, task, train_config, seed)
    training = transformed_split(trial_args, fn_args.train_files, task)
    epoch = training.measure(batch_size(train_config, task.recipe))
    settle = partial(plan_training, epoch=epoch, precision=candidate.precision, seed=seed)
    planned = settle(train_config, task.recipe).steps
    steps = trial_steps(planned, max_steps=config.max_steps, share=share)
    bounded = train_config.model_copy(update={"steps": steps, "epochs": None})
    store = CheckpointStore(os.path.join(directory, "checkpoints"))
    summary = train(
        candidate.model,
        task,
        settle(bounded, task.recipe),
        training=training,
        epoch=epoch,
        evaluation=transformed_split(trial_args, fn_args.eval_files, task),
        store=store,
        log_dir=os.path.join(directory, "logs"),
    )
    store.remove()
    return summary
