"""Loads the exported model as a server would, checks it, and writes result and blessing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tfx import types
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.raw_examples import read_raw_examples
from components.serving_check.checks import Subject, read_reference, run_checks
from components.serving_check.config import ServingCheckConfig
from components.serving_check.requests import select_rows
from components.serving_check.result import Check, ServingCheckResult
from models.tasks import create_task
from models.tasks.base import Task
from schemas import features as keys
from serving.saved_model import LoadedModel, ModelLoadError

BLESSED_FILE: Final = "INFRA_BLESSED"
NOT_BLESSED_FILE: Final = "INFRA_NOT_BLESSED"
BLESSED_PROPERTY: Final = "blessed"
"""File names and property of TFX's own InfraValidator, for its Pusher; private constants there."""

_LOADS = "loads as on a server"


class Executor(BaseExecutor):
    """Executor of `ServingCheck`."""

    def Do(  # noqa: N802 - the name that TFX calls
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Checks the model; a check that fails is recorded, and nothing is raised."""
        self._log_startup(input_dict, output_dict, exec_properties)
        model = artifact_utils.get_single_instance(input_dict[keys.MODEL])
        result = check_model(
            Path(path_utils.serving_model_path(model.uri)),
            input_dict[keys.EXAMPLES],
            split=exec_properties["split"],
            task=create_task(json.loads(exec_properties["task"])),
            config=ServingCheckConfig.model_validate_json(exec_properties["config"]),
        )
        blessing = artifact_utils.get_single_instance(output_dict[keys.SERVING_BLESSING])
        folder = Path(blessing.uri)
        (folder / keys.SERVING_CHECK_FILE).write_text(
            result.model_dump_json(indent=2) + "\n", "utf-8"
        )
        (folder / (BLESSED_FILE if result.blessed else NOT_BLESSED_FILE)).touch()
        blessing.set_int_custom_property(BLESSED_PROPERTY, int(result.blessed))


def check_model(
    model_dir: Path,
    examples: Sequence[types.Artifact],
    *,
    split: str,
    task: Task,
    config: ServingCheckConfig,
) -> ServingCheckResult:
    """Returns the result of every check of a SavedModel.

    Args:
      model_dir: Folder of the SavedModel.
      examples: Raw examples.
      split: The split whose rows are sent; it holds the rows of the trainer's own answers.
      task: The task that the model answers.
      config: The limits.
    """
    try:
        model = LoadedModel.load(model_dir)
    except ModelLoadError as error:
        return ServingCheckResult(checks=(Check(name=_LOADS, passed=False, detail=str(error)),))
    with model:
        reference = read_reference(model_dir)
        rows, reference_rows = select_rows(
            read_raw_examples(examples, split),
            task.serving_inputs(),
            num_rows=config.num_requests,
            row_ids=reference,
        )
        subject = Subject(model, task, rows, reference, reference_rows, config)
        loads = Check(name=_LOADS, passed=True, detail="no XLA-only function, no op that it lacks")
        return ServingCheckResult(checks=(loads, *run_checks(subject)))
