"""Rows of a request into its columns: TensorFlow Serving takes no lists of unlike length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T", str, bytes)


def columns(rows: Sequence[Mapping[str, T | Sequence[T]]]) -> dict[str, list[T] | list[list[T]]]:
    """Returns the values of each input, lists filled up with empty texts to the longest.

    Args:
      rows: One value of each input: a text, or the list of texts that the model takes there.

    >>> columns([{"question": "a", "options": ["x"]}, {"question": "b", "options": ["x", "y"]}])
    {'question': ['a', 'b'], 'options': [['x', ''], ['x', 'y']]}

    Raises:
      TypeError: If an input has a text in one row and a list in another.
    """
    names = list(rows[0]) if rows else []
    return {name: _column(name, [row[name] for row in rows]) for name in names}


def _column(name: str, values: Sequence[Any]) -> list[Any]:
    texts = [value for value in values if isinstance(value, str | bytes)]
    if len(texts) == len(values):
        return texts
    if texts:
        raise TypeError(f"{name} must be a list of texts in every row; received {texts[0]!r:.40}")
    longest = max(map(len, values))
    return [_filled_up(value, longest) for value in values]


def _filled_up(texts: Sequence[Any], length: int) -> list[Any]:
    filler = type(texts[0])() if texts else ""
    return [*texts, *[filler] * (length - len(texts))]
