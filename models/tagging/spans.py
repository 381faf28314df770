"""Entities as spans of a text, and the one text in which a raw example has all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_BETWEEN = " "
_WITHIN = ":"


class Span(NamedTuple):
    """An entity of a text.

    Attributes:
      start: Its first Unicode code point.
      end: The code point after its last one.
      type: Its type; no white space.
    """

    start: int
    end: int
    type: str


def join_spans(spans: Iterable[Span]) -> str:
    """Returns spans as one text, as raw examples and served answers have them.

    One value a row, however many entities: a row without any has an empty text, and none that is
    missing.

    >>> join_spans([Span(0, 5, "person"), Span(9, 14, "location")])
    '0:5:person 9:14:location'
    """
    return _BETWEEN.join(f"{span.start}:{span.end}:{span.type}" for span in spans)


def split_spans(joined: str) -> list[Span]:
    """Returns the spans of `join_spans`.

    >>> split_spans("0:5:person 9:14:time:of:day")
    [Span(start=0, end=5, type='person'), Span(start=9, end=14, type='time:of:day')]
    """
    fields = (field.split(_WITHIN, maxsplit=2) for field in joined.split())
    return [Span(int(start), int(end), kind) for start, end, kind in fields]
