"""Reads YAML strictly: values with the line of each key, and errors that name file and line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schemas.errors import UserError

_SHOWN = 60
_KINDS = {type(None): "an empty file", list: "a list"}


class YamlFile(NamedTuple):
    """What is in a file.

    Attributes:
      values: Its mapping.
      lines: Line by dotted path of a key or an item of a list.
    """

    values: dict[str, Any]
    lines: dict[str, int]


class _StrictLoader(yaml.SafeLoader):
    """A safe YAML loader that refuses a key given twice, which YAML would silently overwrite."""


def _mapping_without_repeats(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    found: list[Any] = []
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            problem = f"key given twice: {key}"
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        found.append(key)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_repeats
)


def read_yaml(path: Path) -> YamlFile:
    """Returns the mapping in a YAML file.

    Raises:
      UserError: If the file is missing, is no YAML, or holds no mapping.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read as a config ({error.strerror}); check the path"
        ) from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from error
    try:
        values = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: {_explained(error, text)}") from error
    if not isinstance(values, dict):
        received = _KINDS.get(type(values)) or f"{values!r:.{_SHOWN}}"
        raise UserError(
            f"{path}: a config is a mapping of sections, `key: value` a line; received {received}"
        )
    root = yaml.compose(text, Loader=_StrictLoader)
    return YamlFile(values, dict(_lines(root, "")))


def read_value(text: str) -> Any:
    """Returns a single value.

    Raises:
      UserError: If it is no YAML.
    """
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise UserError(f"the value is no YAML: {_reason(error)}; received {text!r}") from error


def _lines(node: yaml.Node | None, prefix: str) -> Iterator[tuple[str, int]]:
    """Yields the path and line of everything below a node."""
    children: list[tuple[Any, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        children = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [(index, item, item) for index, item in enumerate(node.value)]
    for name, start, value in children:
        path = f"{prefix}{name}"
        yield path, start.start_mark.line + 1
        yield from _lines(value, f"{path}.")


def _explained(error: yaml.YAMLError, text: str) -> str:
    """Returns where a text is no YAML, what stands there, and why."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if mark is None:
        return f"it is no YAML: {_reason(error)}"
    lines = text.splitlines()
    ends = mark.line >= len(lines)
    received = "the end of the file" if ends else f"{lines[mark.line].strip()!r:.{_SHOWN}}"
    told = f"line {mark.line + 1}: {_reason(error)}; received {received}"
    if isinstance(error, yaml.constructor.ConstructorError):
        return told
    return f"{told}; check the indentation, colons and quotes of this line and the one before"


def _reason(error: yaml.YAMLError) -> str:
    """Returns what is wrong, without the tokens of the parser, such as `<block end>`."""
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if "\\t" in problem:
        return "indented by a tab, where YAML takes spaces"
    return "it does not fit what stands before it" if "<" in problem else problem
