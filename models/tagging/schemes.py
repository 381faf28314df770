"""Tags of words, in the schemes that files use, into entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

Scheme = Literal["iob", "iob2", "bilou"]

OUTSIDE: Final = "O"
_BEGIN, _INSIDE, _LAST, _UNIT = "B", "I", "L", "U"

_ALIASES: Final[Mapping[str, str]] = {"E": _LAST, "S": _UNIT}
"""BIOES and IOBES are BILOU with other letters."""

_LETTERS: Final[Mapping[Scheme, str]] = {
    "iob": _BEGIN + _INSIDE,
    "iob2": _BEGIN + _INSIDE,
    "bilou": _BEGIN + _INSIDE + _LAST + _UNIT + "".join(_ALIASES),
}


class WordSpan(NamedTuple):
    """An entity of a sentence.

    Attributes:
      first: Index of its first word.
      last: Index of its last word.
      type: Its type.
    """

    first: int
    last: int
    type: str


class TagError(ValueError):
    """A sequence of tags that its scheme does not allow."""


def iob2_tags(types: Sequence[str]) -> tuple[str, ...]:
    """Returns the tags of the model in the order of its outputs.

    >>> iob2_tags(["person", "place"])
    ('O', 'B-person', 'I-person', 'B-place', 'I-place')
    """
    letters = (_BEGIN, _INSIDE)
    return (OUTSIDE, *(f"{letter}-{kind}" for kind in types for letter in letters))


def types_of_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Returns the types of a model's tags, in the order in which they appear.

    >>> types_of_tags(["B-person", "I-person", "O", "I-place"])
    ('person', 'place')

    Raises:
      TagError: If a tag is neither `O` nor one with `B-` or `I-`, two are alike, or none is `O`.
    """
    kinds = [kind for _, kind in (_parse(tag, "iob") for tag in tags)]
    if OUTSIDE not in tags or len(set(tags)) < len(tags):
        raise TagError(f"the tags must differ and have O among them; received {', '.join(tags)}")
    return tuple(dict.fromkeys(kind for kind in kinds if kind))


def find_entities(tags: Sequence[str], scheme: Scheme) -> list[WordSpan]:
    """Returns the entities of a sentence.

    `iob` reads IOB1 and IOB2 alike, as the CoNLL scorer does: `B-` starts an entity, and so does
    an `I-` that has none of its type before it. `iob2` allows no such `I-`. `bilou` starts with `B`
    what it ends with `L`, with nothing but `I` between, and has `U` for a single word.

    >>> find_entities(["I-per", "I-per", "O", "B-loc", "B-loc"], "iob")
    [WordSpan(first=0, last=1, type='per'), WordSpan(first=3, last=3, type='loc'),
     WordSpan(first=4, last=4, type='loc')]
    >>> find_entities(["O", "B-per", "L-per", "U-loc"], "bilou")
    [WordSpan(first=1, last=2, type='per'), WordSpan(first=3, last=3, type='loc')]

    Args:
      tags: The tag of each word.
      scheme: How they are meant.

    Raises:
      TagError: If the scheme does not allow the sequence.
    """
    pairs = [_parse(tag, scheme) for tag in tags]
    if scheme == "bilou":
        _check_bilou(tags, pairs)
        pairs = [(_TO_IOB[letter], kind) for letter, kind in pairs]
    found: list[WordSpan] = []
    previous = ""
    for index, (letter, kind) in enumerate(pairs):
        continues = letter == _INSIDE and kind == previous
        if letter == _INSIDE and not continues and scheme == "iob2":
            raise TagError(
                f"in IOB2 an I- must follow a tag of its type; received {tags[index]!r} after "
                f"{tags[index - 1] if index else 'the start'!r}; "
                "set task.scheme to iob if that starts an entity"
            )
        if continues:
            found[-1] = found[-1]._replace(last=index)
        elif letter != OUTSIDE:
            found.append(WordSpan(index, index, kind))
        previous = kind
    return found


_TO_IOB: Final = {OUTSIDE: OUTSIDE, _BEGIN: _BEGIN, _UNIT: _BEGIN, _INSIDE: _INSIDE, _LAST: _INSIDE}


def _parse(tag: str, scheme: Scheme) -> tuple[str, str]:
    """Returns the letter of a tag and its type, empty for `O`."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    letter, _, kind = tag.partition("-")
    if letter not in tuple(_LETTERS[scheme]) or not kind:
        letters = ", ".join(f"{letter}-TYPE" for letter in _LETTERS[scheme])
        raise TagError(f"a tag must be O or one of {letters}; received {tag!r}")
    return _ALIASES.get(letter, letter), kind


def _check_bilou(tags: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    """Refuses an entity that is not closed, or that goes on where none was opened."""
    opened = ""
    for index, (letter, kind) in enumerate([*pairs, (OUTSIDE, "")]):
        goes_on = letter in (_INSIDE, _LAST)
        if goes_on != bool(opened) or (goes_on and kind != opened):
            tag = tags[index] if index < len(tags) else "the end"
            before = tags[index - 1] if index else "the start"
            raise TagError(
                f"in BILOU an entity must go from B- over I- to L- of one type; received {tag!r} "
                f"after {before!r}"
            )
        opened = kind if letter in (_BEGIN, _INSIDE) else ""
