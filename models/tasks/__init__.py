"""The tasks, one module each; the module's name is the task's name in the config."""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from models.tasks.base import Task

_SHARED = ("base", "labels", "rows", "texts")


def task_names() -> tuple[str, ...]:
    """Returns the names of the tasks there are."""
    return tuple(
        sorted(
            module.name for module in pkgutil.iter_modules(__path__) if module.name not in _SHARED
        )
    )


def task_class(name: str) -> type[Task]:
    """Returns the class of task `name`.

    Raises:
      ValueError: If there is no such task.
    """
    if name not in task_names():
        raise ValueError(f"task.name must be one of {', '.join(task_names())}; received {name!r}")
    return importlib.import_module(f"models.tasks.{name}").TASK


def create_task(config: Mapping[str, Any]) -> Task:
    """Makes the task of a config's `task` section.

    Args:
      config: `name`, and the options of that task.

    Raises:
      ValueError: If there is no such task.
      pydantic.ValidationError: If an option is wrong.
    """
    options = {key: value for key, value in config.items() if key != "name"}
    cls = task_class(config["name"])
    return cls(cls.Options.model_validate(options))
