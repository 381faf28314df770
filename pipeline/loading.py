"""Reads a run config from YAML and `--set` values; reports every problem at once with its path."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from models.presets import backbone_size
from models.tasks import task_class
from pipeline.config import RunConfig
from schemas.errors import UserError


class _StrictLoader(yaml.SafeLoader):
    """A safe YAML loader that refuses a key given twice, which YAML would silently overwrite."""


def _mapping_without_repeats(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
    if repeated:
        raise yaml.constructor.ConstructorError(
            None, None, f"key given twice: {', '.join(repeated)}", node.start_mark
        )
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_repeats
)


def load_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Returns the checked config of a YAML file.

    Args:
      path: The YAML file.
      overrides: `key=value` texts; the key is a dotted path, the value is YAML.

    Raises:
      UserError: If the file cannot be read, or with every problem of its content, one line each.
    """
    values = read_yaml(path)
    for override in overrides:
        apply_override(values, override)
    return check_config(values, source=str(path))


def read_yaml(path: Path) -> dict[str, Any]:
    """Returns the mapping in a YAML file.

    Raises:
      UserError: If the file is missing, is no YAML, or holds no mapping.
    """
    try:
        values = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read as a config; {error}") from error
    if not isinstance(values, dict):
        raise UserError(
            f"{path}: a config is a mapping of sections; received {type(values).__name__}"
        )
    return values


def apply_override(values: dict[str, Any], override: str) -> None:
    """Sets one value of `values` in place.

    >>> values = {"train": {"steps": 1}}
    >>> apply_override(values, "train.learning_rate=1e-4")
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
        section[last] = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise UserError(f"--set {key}: the value is no YAML; {error}") from error


def check_config(values: Mapping[str, Any], *, source: str) -> RunConfig:
    """Returns the typed config of `values`.

    Raises:
      UserError: With every problem, one line each, with its path.
    """
    problems: list[str] = []
    try:
        config = RunConfig.model_validate(values)
    except ValidationError as error:
        config = None
        problems += described(error)
    problems += task_problems(values.get("task"))
    if config is not None and not problems:
        problems += list(_cross_problems(config))
    if config is None or problems:
        raise all_problems(source, problems)
    return config


def all_problems(source: str, problems: Sequence[str]) -> UserError:
    """Returns the error of a config with several problems, one line each."""
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    return UserError("\n  ".join([f"{source}: {count}", *problems]))


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
        return described(error, prefix=("task",), model=options)
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


def described(
    error: ValidationError, prefix: tuple[str, ...] = (), model: type[BaseModel] = RunConfig
) -> list[str]:
    """Returns a line a problem: path, rule, received value, and a near key for an unknown one."""
    lines = []
    for detail in error.errors(include_url=False):
        # A value that may be of several kinds adds its kind, in brackets, to the keys.
        location = [part for part in detail["loc"] if not str(part).startswith("(")]
        path = ".".join(str(part) for part in (*prefix, *location))
        if detail["type"] == "extra_forbidden":
            lines.append(f"{path}: unknown key{_near_key(model, location)}")
        elif detail["type"] == "missing":
            lines.append(f"{path}: required key is missing")
        elif detail["type"] == "value_error":
            lines.append(f"{path}: {detail.get('ctx', {}).get('error', detail['msg'])}")
        else:
            message = detail["msg"][0].lower() + detail["msg"][1:]
            lines.append(f"{path}: {message}; received {detail['input']!r}")
    return lines


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """Returns the section that an annotation is of, which may be optional."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    sections = (_section_of(inner) for inner in get_args(annotation))
    return next((section for section in sections if section is not None), None)


def _near_key(model: type[BaseModel], location: Sequence[str | int]) -> str:
    """Returns a hint with the known key most like the unknown last part of `location`."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        section = None if field is None else _section_of(field.annotation)
        if section is None:
            return ""
        model = section
    near = difflib.get_close_matches(str(location[-1]), model.model_fields, n=1)
    return (
        f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(model.model_fields)}"
    )
