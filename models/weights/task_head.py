"""The head of a task in a preset folder: fine-tuned here, or imported with the weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.weights.checkpoint import WeightsInfo
from models.weights.preset import HEADS_FILE, read_info, write_heads
from models.weights.tensors import read_safetensors

if TYPE_CHECKING:
    import keras

    from models.config import ModelConfig
    from models.tasks.base import Task

_LAYER = "logits"
"""Name of the last layer of every task's model."""

_log = logging.getLogger(__name__)


def load_head(model: keras.Model, task: Task, preset: Path) -> bool:
    """Gives a model the head that a preset holds, if it is one of the same labels in their order.

    Args:
      model: The task's, with a dense layer `logits`.
      task: Says which head is its, and its labels.
      preset: Folder that was imported, or trained here.

    Returns:
      Whether there was one.

    Raises:
      UserError: If the files of the head are unreadable.
    """
    info = read_info(preset)
    head = task.weights_head
    if info is None or head not in info.heads or info.labels != task.labels:
        return False
    stored = read_safetensors(preset / HEADS_FILE)
    values = [stored[f"{head}/{name}"].read() for name in ("kernel", "bias")]
    model.get_layer(_LAYER).set_weights(values)
    _log.info("the head starts from the %s of %s", head, preset)
    return True


def save_head(model: keras.Model, task: Task, config: ModelConfig, preset: Path) -> None:
    """Writes a trained head into a preset, for a later run, and for `weights export-hf`.

    Args:
      model: The task's, with a dense layer `logits`.
      task: Says which head is its, and its labels; without such a head nothing is written.
      config: Of the model.
      preset: Folder of the backbone.
    """
    if task.weights_head is None:
        return
    kernel, bias = (np.asarray(value) for value in model.get_layer(_LAYER).get_weights())
    info = WeightsInfo(
        layout=f"albert-tfx {task.name}",
        heads={task.weights_head: len(bias)},
        labels=task.labels,
        classifier_dropout=config.classifier_dropout,
    )
    write_heads(
        preset,
        info,
        {f"{task.weights_head}/kernel": kernel, f"{task.weights_head}/bias": bias},
    )
