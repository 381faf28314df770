"""What a scheduled run may change without a new compilation, and how a step takes it in."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from components.ingest.config import IngestConfig
from models.config import TrainConfig
from pipeline.config import RunConfig
from schemas.errors import UserError
from schemas.section import Section

IMAGE: Final = "image"
PREFIX: Final = "pipelinechannel--"
"""How the Kubeflow SDK names a task's input that comes from the run; its backend looks for it."""


@dataclass(frozen=True)
class RunParameter:
    """A number of the config that a run may change; 0 leaves it as the config has it.

    Attributes:
      name: Name, for who starts a run.
      whole: Whether it is a whole number.
      node: The node that takes it.
      exec_property: The node's parameter, JSON, that holds it.
      section: Keys from there to the section of the config; none: it is the section itself.
      key: Key in the section.
      model: The section's type.
      replaces: A key that cannot be given beside it.
      read: Returns the value of a config.
      description: What it means.
    """

    name: str
    whole: bool
    node: str
    exec_property: str
    section: tuple[str, ...]
    key: str
    model: type[Section]
    replaces: str | None
    read: Callable[[RunConfig], float | None]
    description: str


PARAMETERS: Final = (
    RunParameter(
        name="span",
        whole=True,
        node="Ingest",
        exec_property="config",
        section=(),
        key="span",
        model=IngestConfig,
        replaces=None,
        read=lambda config: config.ingest.span,
        description="Span of the data to read; 0: the latest.",
    ),
    RunParameter(
        name="learning_rate",
        whole=False,
        node="Trainer",
        exec_property="custom_config",
        section=("train",),
        key="learning_rate",
        model=TrainConfig,
        replaces=None,
        read=lambda config: config.train.learning_rate,
        description="Peak learning rate; 0: as compiled.",
    ),
    RunParameter(
        name="steps",
        whole=True,
        node="Trainer",
        exec_property="custom_config",
        section=("train",),
        key="steps",
        model=TrainConfig,
        replaces="epochs",
        read=lambda config: config.train.steps,
        description="Optimizer steps; 0: as compiled.",
    ),
)


def check_parameters(given: Mapping[str, Any]) -> None:
    """Checks values for a run as it starts.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    if problems := problems_of(given):
        raise UserError("\n  ".join(["the parameters of the run cannot be used:", *problems]))


def problems_of(given: Mapping[str, Any]) -> list[str]:
    """Returns what is wrong with values for a run, a line each."""
    known = {parameter.name: parameter for parameter in PARAMETERS}
    problems = [
        f"{name}: unknown; there are {', '.join([*known, IMAGE])}"
        for name in given
        if name not in known and name != IMAGE
    ]
    problems += [
        problem for name in known if name in given and (problem := _problem(known[name], given))
    ]
    image = given.get(IMAGE, IMAGE)
    if not isinstance(image, str) or not image or any(mark.isspace() for mark in image):
        problems.append(f"{IMAGE}: must be the name of an image; received {image!r}")
    return problems


def _problem(parameter: RunParameter, given: Mapping[str, Any]) -> str:
    value = given[parameter.name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = is_number and math.isfinite(value) and value >= 0
    if fits and not (parameter.whole and value != int(value)):
        return ""
    kind = "whole number" if parameter.whole else "number"
    return f"{parameter.name}: must be a {kind} from 0 on; received {value!r}"


def taken_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a step's parameters with those of the run put where they belong.

    Args:
      values: Parameter values of a task, those of the run under `PREFIX` and their name.

    Raises:
      UserError: If one cannot be used.
    """
    given = {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX)
    }
    check_parameters(given)
    taken = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    for parameter in PARAMETERS:
        if given.get(parameter.name):
            text = taken[parameter.exec_property]
            taken[parameter.exec_property] = changed(text, parameter, given[parameter.name])
    return taken


def changed(text: str, parameter: RunParameter, value: float) -> str:
    """Returns the JSON `text` with a value in its place, if its section takes it.

    Raises:
      UserError: If it does not.
    """
    content = json.loads(text)
    section = content
    for key in parameter.section:
        section = section[key]
    section[parameter.key] = int(value) if parameter.whole else float(value)
    if parameter.replaces is not None:
        section[parameter.replaces] = None
    try:
        parameter.model.model_validate(section)
    except ValidationError as error:
        raise UserError(
            f"{parameter.name}: {error.errors()[0]['msg']}; received {value}; give another value"
        ) from error
    return json.dumps(content, sort_keys=True)
