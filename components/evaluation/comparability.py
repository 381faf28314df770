"""Whether the champion can be measured on the candidate's data, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from models.tasks.base import Task
from schemas.features import EXAMPLES_SIGNATURE, SERIALIZED_EXAMPLES
from schemas.model_info import ModelInfo, read_model_info
from serving.saved_model import InvalidRequestError, LoadedModel, ModelLoadError


def why_incomparable(model_dir: Path, task: Task, examples: Sequence[bytes]) -> str:
    """Returns why a model cannot be measured beside the candidate; empty where it can.

    Args:
      model_dir: Folder of the SavedModel.
      task: The candidate's task.
      examples: A few serialized tf.Examples of the split that is judged on.
    """
    if not model_dir.is_dir():
        return f"its files are gone from {model_dir}"
    try:
        info = read_model_info(model_dir)
    except (OSError, ValidationError) as error:
        return f"its record cannot be read ({error})"
    return _other_task(info, task) or _failing_signature(model_dir, task, examples)


def _other_task(info: ModelInfo | None, task: Task) -> str:
    if info is None:
        return "it has no record of its task and labels"
    if info.task != task.name:
        return f"it was made for the task {info.task}, not {task.name}"
    if info.labels != task.labels:
        return f"its labels are {', '.join(info.labels)}, not {', '.join(task.labels)}"
    return ""


def _failing_signature(model_dir: Path, task: Task, examples: Sequence[bytes]) -> str:
    """Returns what goes wrong when the model is asked as TFMA will ask it."""
    try:
        with LoadedModel.load(model_dir) as model:
            answers = model.run({SERIALIZED_EXAMPLES: list(examples)}, EXAMPLES_SIGNATURE)
    except (ModelLoadError, InvalidRequestError) as error:
        return str(error)
    if task.prediction_key and task.prediction_key not in answers:
        outputs = ", ".join(sorted(answers))
        return f"its signature {EXAMPLES_SIGNATURE} has no output {task.prediction_key}: {outputs}"
    return ""
