"""The heads of a task in a preset folder: trained here, or imported with the weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.weights.checkpoint import WeightsInfo
from models.weights.heads import LABELLED
from models.weights.preset import HEADS_FILE, read_info, write_heads
from models.weights.tensors import read_safetensors

if TYPE_CHECKING:
    import keras

    from models.config import ModelConfig
    from models.tasks.base import Task

DROPOUT = 0.1
"""Before the head of every recipe of the paper."""

_BIAS = "bias"
"""Of a dense head, as long as its outputs are many; a head for masked words has none."""

_log = logging.getLogger(__name__)


def head_dropout(config: ModelConfig) -> float:
    """Returns the dropout before a task's head: of the config, else of its weights.

    Args:
      config: Its `weights`, if any, are the folder of a preset.

    Raises:
      UserError: If the record of the weights is unreadable.
    """
    if config.classifier_dropout is not None:
        return config.classifier_dropout
    info = read_info(Path(config.weights)) if config.weights else None
    return DROPOUT if info is None else info.classifier_dropout


def load_heads(model: keras.Model, task: Task, preset: Path) -> tuple[str, ...]:
    """Gives a model those of its heads that a preset holds.

    A head whose outputs have labels must be one of the same labels in their order.

    Args:
      model: The task's, with the layers that `task.weights_heads` names.
      task: Says which heads are its, and its labels.
      preset: Folder that was imported, or trained here.

    Returns:
      The names of the heads that there were.

    Raises:
      UserError: If the files of the heads are unreadable.
    """
    info = read_info(preset)
    if info is None:
        return ()
    found = {
        layer: head
        for layer, head in task.weights_heads.items()
        if head in info.heads and (head not in LABELLED or info.labels == task.labels)
    }
    stored = read_safetensors(preset / HEADS_FILE) if found else {}
    for layer, head in found.items():
        for name, variable in _variables(model, layer).items():
            variable.assign(stored[f"{head}/{name}"].read())
        _log.info("the layer %s starts from the %s of %s", layer, head, preset)
    return tuple(found.values())


def save_heads(model: keras.Model, task: Task, config: ModelConfig, preset: Path) -> None:
    """Writes the trained heads into a preset, for a later run, and for `weights export-hf`.

    Args:
      model: The task's, with the layers that `task.weights_heads` names.
      task: Says which heads are its, and its labels; without such heads nothing is written.
      config: Of the model.
      preset: Folder of the backbone.
    """
    if not task.weights_heads:
        return
    values = {
        head: {name: variable.numpy() for name, variable in _variables(model, layer).items()}
        for layer, head in task.weights_heads.items()
    }
    info = WeightsInfo(
        layout=f"albert-tfx {task.name}",
        heads={head: len(value.get(_BIAS, ())) for head, value in values.items()},
        labels=task.labels,
        classifier_dropout=head_dropout(config),
        problem_type=task.problem_type,
    )
    tensors = {
        f"{head}/{name}": array for head, value in values.items() for name, array in value.items()
    }
    write_heads(preset, info, tensors)


def _variables(model: keras.Model, layer: str) -> dict[str, Any]:
    """Returns the variables of a layer by their paths within it; shared ones are not its own."""
    own = f"{layer}/"
    return {
        variable.path.removeprefix(own): variable
        for variable in model.get_layer(layer).variables
        if variable.path.startswith(own) and "seed_generator" not in variable.path
    }
