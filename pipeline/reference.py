"""The config reference, docs/config.md, written from the pydantic models so that it stays true.

`python -m pipeline.reference > docs/config.md` (or `make docs`) writes it again.
"""

import sys
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from models.tasks import task_class, task_names
from pipeline.config import RunConfig

_HEADER = """# Config reference

Every key of a run config. Written from the code by `make docs`; a test keeps it current.
A value is changed for one run with `--set`, such as `--set train.learning_rate=1e-4`.
Relative paths start at the working directory.
"""


def reference() -> str:
    """Returns the reference as Markdown, a section of the config a heading."""
    blocks = [_HEADER, *_section("Top level", RunConfig)]
    for name, field in RunConfig.model_fields.items():
        section = _model(field.annotation) or next(iter(_inner_models(field.annotation)), None)
        if section is not None:
            blocks += _section(f"`{name}`", section)
            if name == "task":
                for task in task_names():
                    blocks += _section(f"`task` with `name: {task}`", task_class(task).Options)
    return "\n".join(blocks)


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Yields heading, text and table of one model, then those of the models inside it."""
    yield f"## {title}\n\n{(model.__doc__ or '').strip().splitlines()[0]}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        if model is not RunConfig or _model(field.annotation) is None:
            meaning = (field.description or "").replace("|", "\\|")
            yield f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {meaning} |"
    yield ""
    if model is RunConfig:
        return
    titles: dict[type[BaseModel], list[str]] = {}
    for name, field in model.model_fields.items():
        for inner in _inner_models(field.annotation):
            brackets = "[]" if _type(field.annotation).startswith("list") else ""
            titles.setdefault(inner, []).append(f"{title[:-1]}.{name}{brackets}`")
    for inner, places in titles.items():
        yield from _section(", ".join(places), inner)


def _model(annotation: Any) -> type[BaseModel] | None:
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )


def _inner_models(annotation: Any) -> list[type[BaseModel]]:
    """Returns the models of an annotation: itself, or inside a list or union."""
    if (whole := _model(annotation)) is not None:
        return [whole]
    return [model for argument in get_args(annotation) for model in _inner_models(argument)]


def _type(annotation: Any) -> str:
    """Returns a short name of a type.

    >>> _type(tuple[str, ...] | None)
    'list of text'
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    if origin in (tuple, list):
        return f"list of {'rule' if _model(arguments[0]) else _type(arguments[0])}"
    if origin is dict:
        return f"mapping to {_type(arguments[1])}"
    if origin is not None:  # Annotated
        return _type(arguments[0])
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(annotation, "section" if _model(annotation) else str(annotation))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "below"
    if value is None or value is PydanticUndefined:
        return "unset"
    if isinstance(value, dict | tuple) and not value:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
