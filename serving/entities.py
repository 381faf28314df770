"""Entities and spans of a text, as the lists in which a server gives them and one value each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas import features as keys

SPAN_OUTPUTS: Final = (keys.TEXTS, keys.STARTS, keys.ENDS, keys.SCORES)
"""Lists of one length, with fillers where another text of the batch has more spans."""

ENTITY_OUTPUTS: Final = (keys.TYPES, *SPAN_OUTPUTS)
"""Lists of one length, which end in fillers where another text of the batch has more entities."""


@dataclass(frozen=True)
class Entity:
    """A part of a text.

    Attributes:
      type: Its type.
      text: The part, as it stands in the original text.
      start: Its first Unicode code point.
      end: The code point after its last one.
      score: Mean probability of the tags of its words.
    """

    type: str
    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Span:
    """A part of a context that may answer a question.

    Attributes:
      text: The part, as it stands in the context.
      start: Its first Unicode code point.
      end: The code point after its last one.
      score: Its probability among the best spans and no answer.
    """

    text: str
    start: int
    end: int
    score: float


def to_entities(outputs: Mapping[str, Sequence[Any]]) -> tuple[Entity, ...]:
    """Returns the entities of one text without the fillers.

    >>> to_entities({"types": ["place", ""], "texts": ["Rome", ""], "starts": [3, -1],
    ...              "ends": [7, -1], "scores": [0.9, 0.0]})
    (Entity(type='place', text='Rome', start=3, end=7, score=0.9),)
    """
    rows = zip(*(outputs[name] for name in ENTITY_OUTPUTS), strict=True)
    return tuple(Entity(*row) for row in rows if row[0])


def to_spans(outputs: Mapping[str, Sequence[Any]]) -> tuple[Span, ...]:
    """Returns the best spans of one context without the fillers.

    >>> to_spans({"texts": ["Rome", ""], "starts": [3, -1], "ends": [7, -1], "scores": [0.9, 0.0]})
    (Span(text='Rome', start=3, end=7, score=0.9),)
    """
    rows = zip(*(outputs[name] for name in SPAN_OUTPUTS), strict=True)
    return tuple(Span(*row) for row in rows if row[0])
