"""What `albert-tfx export` takes by `--set`: those keys of a run config that answers need."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from models.config import ServingPrecision
from pipeline.config_errors import described
from pipeline.loading import all_problems, apply_override, task_problems
from schemas.section import Section

_NAMED_BY_LABEL = ("labels", "types")


class ExportModelConfig(Section):
    """The `model` section: its sizes are those of the weights."""

    serving_precision: ServingPrecision = "float32"


class ExportConfig(Section):
    """The config of an exported model.

    Attributes:
      task: The task with its options, which its class has checked.
      model: How it is computed.
    """

    task: dict[str, Any] = Field(default_factory=dict)
    model: ExportModelConfig = ExportModelConfig()


def read_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    """Returns `key=value` texts as sections.

    >>> read_overrides(["task.top_k=3", "model.serving_precision=bfloat16"])
    {'task': {'top_k': 3}, 'model': {'serving_precision': 'bfloat16'}}

    Raises:
      UserError: If a text is not of that form.
    """
    values: dict[str, Any] = {}
    for override in overrides:
        apply_override(values, override)
    return values


def check_export(
    given: Mapping[str, Any], known: Mapping[str, Any], *, source: str
) -> ExportConfig:
    """Returns the config of an exported model.

    Args:
      given: Sections with what the user sets.
      known: The `task` section as far as the weights say it: its name, labels ...
      source: The weights, for messages.

    Raises:
      UserError: With every problem, one line each, with its path.
    """
    problems: list[str] = []
    try:
        config = ExportConfig.model_validate(given)
    except ValidationError as error:
        config = ExportConfig()
        problems += described(error, ExportConfig)
    task = given.get("task")
    options = task if isinstance(task, dict) else {}
    problems += [
        f"task.{key}: must be what the weights say, {known[key]!r}; received {value!r}; "
        f"leave it out{_hint(key)}"
        for key, value in options.items()
        if key in known and value != known[key]
    ]
    section = {**options, **known}
    problems += [
        f"{line}{_hint(line.partition(':')[0].removeprefix('task.'))}"
        for line in task_problems(section)
    ]
    if problems:
        raise all_problems(source, problems)
    return config.model_copy(update={"task": section})


def _hint(key: str) -> str:
    return "; name them with --label" if key in _NAMED_BY_LABEL else ""
