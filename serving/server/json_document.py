"""JSON as the real server's parser (RapidJSON) takes it, which is not quite what Python takes.

It takes `NaN`, `Infinity` and `Inf`, refuses a number that no double holds, and does not look
whether the bytes of a string are UTF-8: they reach the graph as they came.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from serving.server.errors import StatusError, invalid_argument

MAX_QUOTED: Final = 256
"""Bytes of a value that an error quotes; the real server cuts there since 2.18."""

_EMPTY: Final = "The document is empty"
_TOO_BIG: Final = "Number too big to be stored in double."
_BAD_SURROGATE: Final = "The surrogate pair in string is invalid."
_MAY_OVERFLOW: Final = re.compile(r"[0-9][eE]\+?[0-9]{3}|[0-9]{309}")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_STRING_OR_INF: Final = re.compile(r'"(?:\\.|[^"\\])*"|\bInf\b', re.DOTALL)
_WORDS: Final = {
    "Extra data": "The document root must not be followed by other values.",
    "Expecting value": "Invalid value.",
    "Expecting ',' delimiter": "Missing a comma or } after an object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Expecting property name": "Missing a name for object member.",
    "Unterminated string": "Missing a closing quotation mark in string.",
    "Invalid control character": "Invalid encoding in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
}


def parse_object(body: bytes) -> dict[str, Any]:
    """Parses the body of a request, which must be one JSON object.

    Args:
      body: UTF-8, or nearly: other bytes become lone surrogates, and `encode` turns them back.

    Raises:
      StatusError: INVALID_ARGUMENT, `JSON Parse error: ...` or `... Is not object`.
    """
    if not body:
        raise _parse_error(_EMPTY)
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if not text.strip(" \t\r\n"):
        raise _parse_error(_EMPTY)
    document = _parse(text)
    if _SURROGATE_ESCAPE.search(text) and _SURROGATE.search(
        json.dumps(document, ensure_ascii=False)
    ):
        raise _parse_error(_BAD_SURROGATE)
    if not isinstance(document, dict):
        raise format_error(document, "Is not object")
    return document


def _parse(text: str) -> Any:
    to_float = _finite if _MAY_OVERFLOW.search(text) else None
    to_int = _checked_int if to_float else None
    try:
        try:
            return json.loads(text, parse_float=to_float, parse_int=to_int)
        except json.JSONDecodeError:
            if "Inf" not in text:
                raise
            spelled_out = _STRING_OR_INF.sub(_spell_out, text)
            return json.loads(spelled_out, parse_float=to_float, parse_int=to_int)
    except json.JSONDecodeError as error:
        words = next(
            (ours for start, ours in _WORDS.items() if error.msg.startswith(start)), error.msg
        )
        raise _parse_error(f"{words} at offset: {error.pos}") from error
    except RecursionError as error:
        raise _parse_error("The document is nested too deeply.") from error


def _spell_out(match: re.Match[str]) -> str:
    return "Infinity" if match[0] == "Inf" else match[0]


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _parse_error(_TOO_BIG)
    return value


def _checked_int(digits: str) -> int | float:
    """Returns an int, or a float where no 64 bits hold it, as RapidJSON does."""
    return int(digits) if len(digits) < 300 else _finite(digits)


def encode(text: str) -> bytes:
    r"""Returns the bytes that a string of the request stood for.

    >>> encode("é"), encode(b"\xff".decode("utf-8", "surrogateescape"))
    (b'\xc3\xa9', b'\xff')
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise _parse_error(_BAD_SURROGATE) from error


def type_name(value: Any) -> str:
    """Returns what the real server calls the type of a JSON value.

    >>> [type_name(value) for value in (None, True, {}, [], "a", 1.5)]
    ['Null', 'True', 'Object', 'Array', 'String', 'Number']
    """
    if isinstance(value, bool) or value is None:
        return {None: "Null", True: "True", False: "False"}[value]
    names = {dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def quote(value: Any) -> str:
    """Returns a JSON value for an error, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."


def format_error(value: Any, problem: str) -> StatusError:
    """Returns the error of a value that stands where another form is expected."""
    return invalid_argument(f"JSON Value: {quote(value)} {problem}")


def _parse_error(problem: str) -> StatusError:
    return invalid_argument(f"JSON Parse error: {problem}")
