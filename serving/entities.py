"""Entities of a text, as the lists in which a server gives them and as one value each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas import features as keys

ENTITY_OUTPUTS: Final = (keys.TYPES, keys.TEXTS, keys.STARTS, keys.ENDS, keys.SCORES)
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


def to_entities(outputs: Mapping[str, Sequence[Any]]) -> tuple[Entity, ...]:
    """Returns the entities of one text without the fillers.

    >>> to_entities({"types": ["place", ""], "texts": ["Rome", ""], "starts": [3, -1],
    ...              "ends": [7, -1], "scores": [0.9, 0.0]})
    (Entity(type='place', text='Rome', start=3, end=7, score=0.9),)
    """
    rows = zip(*(outputs[name] for name in ENTITY_OUTPUTS), strict=True)
    return tuple(Entity(*row) for row in rows if row[0])
