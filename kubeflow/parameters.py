"""What a scheduled run may change without a new compilation, and how a step takes it in."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError

from components.ingest.config import IngestConfig
from models.config import ModelConfig, TrainConfig, VocabularyConfig
from pipeline.config import RunConfig
from pipeline.config_errors import rule_of
from schemas.errors import UserError
from schemas.section import Section

IMAGE: Final = "image"
PREFIX: Final = "pipelinechannel--"
"""How the Kubeflow SDK names a task's input that comes from the run; its backend looks for it."""


Value = int | float | str

_TRAINING: Final = ("Tuner", "Trainer")


@dataclass(frozen=True)
class RunParameter:
    """A value of the config that a run may change; 0 or an empty text leaves it as compiled.

    Attributes:
      name: Name, for who starts a run.
      kind: What values it takes.
      nodes: The nodes that take it, where there are such.
      exec_property: The node's parameter, JSON, that holds it.
      section: Keys from there to the section of the config; none: it is the section itself.
      key: Key in the section.
      model: The section's type.
      replaces: A key that cannot be given beside it.
      read: Returns the value of a config.
      description: What it means.
    """

    name: str
    kind: Literal["integer", "number", "path"]
    nodes: tuple[str, ...]
    exec_property: str
    section: tuple[str, ...]
    key: str
    model: type[Section]
    replaces: str | None
    read: Callable[[RunConfig], Value | None]
    description: str

    @property
    def type_name(self) -> str:
        """Its type in a PipelineSpec."""
        kinds = {"integer": "NUMBER_INTEGER", "number": "NUMBER_DOUBLE", "path": "STRING"}
        return kinds[self.kind]

    @property
    def unset(self) -> Value:
        """The value that changes nothing."""
        return "" if self.kind == "path" else 0


PARAMETERS: Final = (
    RunParameter(
        name="span",
        kind="integer",
        nodes=("Ingest",),
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
        kind="number",
        nodes=_TRAINING,
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
        kind="integer",
        nodes=_TRAINING,
        exec_property="custom_config",
        section=("train",),
        key="steps",
        model=TrainConfig,
        replaces="epochs",
        read=lambda config: config.train.steps,
        description="Optimizer steps; 0: as compiled.",
    ),
)
"""What whoever starts a run may give."""

ROUND_PARAMETERS: Final = (
    RunParameter(
        name="epochs",
        kind="number",
        nodes=_TRAINING,
        exec_property="custom_config",
        section=("train",),
        key="epochs",
        model=TrainConfig,
        replaces="steps",
        read=lambda config: config.train.epochs,
        description="Passes over the training split; 0: as compiled.",
    ),
    RunParameter(
        name="weights",
        kind="path",
        nodes=_TRAINING,
        exec_property="custom_config",
        section=("model",),
        key="weights",
        model=ModelConfig,
        replaces=None,
        read=lambda config: config.model.weights,
        description="Preset folder that training starts from; empty: as compiled.",
    ),
    RunParameter(
        name="vocabulary",
        kind="path",
        nodes=("VocabularyTrainer",),
        exec_property="config",
        section=(),
        key="model",
        model=VocabularyConfig,
        replaces=None,
        read=lambda config: config.vocabulary_source.model,
        description="SentencePiece model of these weights; empty: as compiled.",
    ),
)
"""What the first step of a pipeline with the policy of `watch` decides beside them."""


def check_parameters(given: Mapping[str, Any]) -> None:
    """Checks values for a run as it starts.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    _refuse(problems_of(given))


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise UserError("\n  ".join(["the parameters of the run cannot be used:", *problems]))


def problems_of(given: Mapping[str, Any]) -> list[str]:
    """Returns what is wrong with values for a run, a line each."""
    known = {parameter.name: parameter for parameter in PARAMETERS}
    problems = [
        f"{name}: unknown; there are {', '.join([*known, IMAGE])}"
        for name in given
        if name not in known and name != IMAGE
    ]
    problems += _wrong(PARAMETERS, given)
    image = given.get(IMAGE, IMAGE)
    if not isinstance(image, str) or not image or any(mark.isspace() for mark in image):
        problems.append(f"{IMAGE}: must be the name of an image; received {image!r}")
    return problems


def _wrong(parameters: Sequence[RunParameter], given: Mapping[str, Any]) -> list[str]:
    """Returns what is wrong with the values of `parameters` that are given, a line each."""
    return [
        problem
        for parameter in parameters
        if parameter.name in given and (problem := _problem(parameter, given[parameter.name]))
    ]


def _problem(parameter: RunParameter, value: Any) -> str:
    if parameter.kind == "path":
        is_text = isinstance(value, str)
        return "" if is_text else f"{parameter.name}: must be a path; received {value!r}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = is_number and math.isfinite(value) and value >= 0
    is_whole = parameter.kind == "integer"
    if fits and not (is_whole and value != int(value)):
        return ""
    kind = "whole number" if is_whole else "number"
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
    of_round = {parameter.name for parameter in ROUND_PARAMETERS}
    problems = problems_of({name: value for name, value in given.items() if name not in of_round})
    _refuse(problems + _wrong(ROUND_PARAMETERS, given))
    taken = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    for parameter in (*PARAMETERS, *ROUND_PARAMETERS):
        if given.get(parameter.name):
            text = taken[parameter.exec_property]
            taken[parameter.exec_property] = changed(text, parameter, given[parameter.name])
    return taken


def changed(text: str, parameter: RunParameter, value: Value) -> str:
    """Returns the JSON `text` with a value in its place, if its section takes it.

    Raises:
      UserError: If it does not.
    """
    content = json.loads(text)
    section = content
    for key in parameter.section:
        section = section[key]
    types: Mapping[str, type[Value]] = {"integer": int, "number": float, "path": str}
    section[parameter.key] = types[parameter.kind](value)
    if parameter.replaces is not None:
        section[parameter.replaces] = None
    try:
        parameter.model.model_validate(section)
    except ValidationError as error:
        raise UserError(
            f"{parameter.name}: {rule_of(error.errors()[0])}; received {value}; give another value"
        ) from error
    return json.dumps(content, sort_keys=True)
