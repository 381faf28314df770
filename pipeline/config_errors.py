"""Says in a person's words what pydantic found wrong with a config: key, rule, received value."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_SHOWN = 100
_RULES: Mapping[str, str] = {
    "missing": "required key is missing",
    **dict.fromkeys(("model_type", "dict_type"), "must be a section, which has keys below it"),
    **dict.fromkeys(("list_type", "tuple_type"), "must be a list, such as [a, b]"),
    "string_type": "must be text",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    "finite_number": "must be a finite number",
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have {min_length} or more values",
    "too_long": "must have {max_length} or fewer values",
}
"""By pydantic's type of an error; what a validator of ours says stands as it is."""


def described(
    error: ValidationError, model: type[BaseModel], prefix: tuple[str, ...] = ()
) -> list[str]:
    """Returns a line a problem: path, rule, received value, and a near key for an unknown one.

    Args:
      error: What pydantic found.
      model: What was validated.
      prefix: Keys that lead to it.
    """
    lines = []
    for detail in error.errors(include_url=False):
        # A value that may be of several kinds adds its kind, in brackets, to the keys.
        location = [part for part in detail["loc"] if not str(part).startswith("(")]
        path = ".".join(str(part) for part in (*prefix, *location))
        if detail["type"] == "extra_forbidden":
            lines.append(f"{path}: unknown key{_near_key(model, location)}")
        elif detail["type"] in ("missing", "value_error"):
            lines.append(f"{path}: {rule_of(detail)}")
        else:
            lines.append(f"{path}: {rule_of(detail)}; received {_shown(detail['input'])}")
    return lines


def rule_of(detail: ErrorDetails) -> str:
    """Returns the rule that a value breaks."""
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context.get("error", detail["msg"]))
    rule = _RULES.get(detail["type"])
    if rule is None:
        return detail["msg"][0].lower() + detail["msg"][1:]
    return rule.format(**{name: _bound(value) for name, value in context.items()})


def _bound(value: Any) -> Any:
    """Returns a number as a person writes it: pydantic has 0.0 where the rule says 0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.{_SHOWN}}"


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
