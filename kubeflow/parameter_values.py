"""Reads the `name=value` texts that a run is started with, before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from kubeflow.parameters import IMAGE, PARAMETERS, Value, changed, problems_of
from pipeline.config import RunConfig
from schemas.errors import UserError


def read_parameters(texts: Sequence[str], config: RunConfig) -> dict[str, Value]:
    """Returns typed parameters of a run.

    Args:
      texts: `name=value`, such as `steps=500`.
      config: The config that was compiled, whose sections must take the values.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    given: dict[str, Value] = {}
    problems = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            problems.append(f"--parameter takes name=value, such as steps=500; received {text!r}")
        elif name in given:
            problems.append(f"{name}: given twice; leave one out")
        else:
            given[name] = value if name == IMAGE else _typed(value)
    problems += problems_of(given)
    if not problems:
        problems = _refused_by_sections(given, config)
    if problems:
        raise UserError("\n  ".join(["the parameters of the run cannot be used:", *problems]))
    whole = {parameter.name for parameter in PARAMETERS if parameter.kind == "integer"}
    return {name: int(value) if name in whole else value for name, value in given.items()}


def _typed(text: str) -> Value:
    """Returns a number where `text` is one, else `text`, which the check then names."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _refused_by_sections(given: Mapping[str, Value], config: RunConfig) -> list[str]:
    """Returns what the step that takes a parameter would say of it; 0 changes nothing."""
    held = {
        "Ingest": config.ingest.model_dump_json(),
        "Trainer": json.dumps({"train": config.train.model_dump(mode="json")}),
    }
    problems = []
    for parameter in PARAMETERS:
        if value := given.get(parameter.name):
            try:
                changed(held[parameter.nodes[-1]], parameter, float(value))
            except UserError as error:
                problems.append(str(error))
    return problems
