"""Reads a run config from YAML and `--set` values; reports every problem at once with its path."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.presets import backbone_size
from models.tasks import task_class
from pipeline.config import RunConfig
from pipeline.config_errors import described
from pipeline.given_files import file_problems
from pipeline.yaml_file import read_value, read_yaml
from schemas.errors import UserError


def load_config(
    path: Path, overrides: Sequence[str] = (), *, trains_here: bool = False
) -> RunConfig:
    """Returns the checked config of a YAML file.

    Args:
      path: The YAML file.
      overrides: `key=value` texts; the key is a dotted path, the value is YAML.
      trains_here: Whether the files that a training needs must be on this machine.

    Raises:
      UserError: If the file cannot be read, or with every problem of its content, one line each.
    """
    values, lines = read_yaml(path)
    places = {key: f"line {line}" for key, line in lines.items()}
    for override in overrides:
        key = apply_override(values, override)
        places = {at: place for at, place in places.items() if not f"{at}.".startswith(f"{key}.")}
        places[key] = "--set"
    return check_config(values, source=str(path), places=places, trains_here=trains_here)


def apply_override(values: dict[str, Any], override: str) -> str:
    """Sets one value of `values` in place, and returns its key.

    >>> values = {"train": {"steps": 1}}
    >>> apply_override(values, "train.learning_rate=1e-4")
    'train.learning_rate'
    >>> values
    {'train': {'steps': 1, 'learning_rate': '1e-4'}}

    Raises:
      UserError: If `override` is not of the form `key=value`.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise UserError(f"--set takes key=value, such as train.steps=100; received {override!r}")
    *parents, last = key.strip().split(".")
    section: Any = values
    for parent in parents:
        section = section.setdefault(parent, {})
        if not isinstance(section, dict):
            raise UserError(f"--set {key}: {parent} is no section of the config")
    try:
        section[last] = read_value(text)
    except UserError as error:
        raise UserError(f"--set {key}: {error}") from error
    return key.strip()


def check_config(
    values: Mapping[str, Any],
    *,
    source: str,
    places: Mapping[str, str] | None = None,
    trains_here: bool = False,
) -> RunConfig:
    """Returns the typed config of `values`.

    Args:
      values: Sections by name.
      source: Where they come from, for errors.
      places: Where in the source a value stands, by its dotted path.
      trains_here: See `load_config`.

    Raises:
      UserError: With every problem, one line each, with its path.
    """
    problems: list[str] = []
    try:
        config = RunConfig.model_validate(values)
    except ValidationError as error:
        config = None
        problems += described(error, RunConfig)
    problems += task_problems(values.get("task"))
    if config is not None and not problems:
        problems += list(_cross_problems(config))
        problems += list(file_problems(config)) if trains_here else []
    if config is None or problems:
        raise all_problems(
            source, [problem + _place(problem, places or {}) for problem in problems]
        )
    return config


def all_problems(source: str, problems: Sequence[str]) -> UserError:
    """Returns the error of a config with several problems, one line each."""
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    return UserError("\n  ".join([f"{source}: {count}", *problems]))


def _place(problem: str, places: Mapping[str, str]) -> str:
    """Returns where the key that a problem starts with stands, or the nearest section that does.

    >>> _place("train.stpes: unknown key", {"train": "line 3", "train.stpes": "line 4"})
    ' (line 4)'
    """
    path = re.split(r"[:\s]", problem, maxsplit=1)[0]
    while path not in places and "." in path:
        path = path.rpartition(".")[0]
    return f" ({places[path]})" if path in places else ""


def task_problems(task: Any) -> list[str]:
    """Checks the keys of the task section, which only the named task knows."""
    if not isinstance(task, dict) or not isinstance(task.get("name"), str):
        return []  # reported by RunConfig
    try:
        options = task_class(task["name"]).Options
    except ValueError as error:
        return [str(error)]
    try:
        options.model_validate({key: value for key, value in task.items() if key != "name"})
    except ValidationError as error:
        return described(error, options, ("task",))
    return []


def _cross_problems(config: RunConfig) -> Iterable[str]:
    """Yields what is wrong between sections that are right by themselves."""
    from components.evaluation.thresholds import check_thresholds
    from components.ingest.bigquery.checks import query_problems
    from pipeline.pretrained import is_local_preset

    task = config.typed_task
    if config.model.weights is None:
        try:
            backbone_size(config.model)
        except UserError as error:
            yield str(error)
    for name in sorted(set(config.baseline_names) - set(task.baselines)):
        known = ", ".join(task.baselines)
        yield f"baselines.include: {task.name} has the baselines {known}; received {name!r}"
    brought = config.vocabulary_source.model
    is_brought = brought != config.vocabulary.model and is_local_preset(str(config.model.weights))
    if is_brought and not Path(str(brought)).is_file():
        yield (
            "vocabulary.model: pretrained weights need the vocabulary they were trained with; "
            f"{config.model.weights} holds none, so give its SentencePiece file"
        )
    yield from query_problems(
        config.ingest,
        beam_project=config.beam.project,
        beam_temp_location=config.beam.temp_location,
    )
    if config.is_watched and not config.ingest.lists_spans:
        yield (
            "ingest.bigquery.spans: with a section watch it must be seen which spans are complete, "
            "and a query does not say; give a query that lists them, or ingest.span_marker"
        )
    slices = {*task.slice_keys, *config.evaluate.slices}
    yield from check_thresholds(
        config.evaluate,
        metric_names=[metric.name for metric in task.metrics()],
        baseline_names=config.baseline_names,
        slice_names=sorted(slices),
    )
