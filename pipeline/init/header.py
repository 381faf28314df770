"""Whether the first row of a file names its columns."""

from collections.abc import Sequence

from pipeline.init.usual_names import (
    CATEGORY_NAMES,
    LABEL_NAMES,
    OTHER_NAMES,
    TEXT_NAMES,
    has_name,
)

_LONGEST_NAME = 40
_MOST_WORDS = 3
_USUAL_NAMES = TEXT_NAMES | LABEL_NAMES | CATEGORY_NAMES | OTHER_NAMES


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Guesses whether the first of `rows` names the columns.

    A header has short, distinct cells that are no numbers; the first may be blank, as pandas leaves
    it above its index. Beyond that each column votes: a usual name, a word above numbers, or a
    value that a column of few values never has again speak for a header; one it has again against.

    Args:
      rows: Fields of the first rows of a file, of equal length.

    >>> has_header([["text", "label"], ["good film", "1"], ["bad film", "0"]])
    True
    >>> has_header([["a good film", "1"], ["a bad film", "0"], ["so so", "1"]])
    False
    """
    if not rows:
        return False
    first = [cell.strip() for cell in rows[0]]
    if not all(first[1:]) or not any(first) or len(set(first)) < len(first):
        return False
    if any(len(cell) > _LONGEST_NAME or is_number(cell) for cell in first):
        return False
    below = list(zip(*rows[1:], strict=True)) or [()] * len(first)
    return sum(_vote(cell, values) for cell, values in zip(first, below, strict=True)) > 0


def is_number(cell: str) -> bool:
    """Returns whether a cell is a number.

    >>> is_number("-1.5"), is_number("1e3"), is_number("nan"), is_number("one"), is_number("1_000")
    (True, True, False, False, False)
    """
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and any(mark.isdigit() for mark in cell)


def _vote(cell: str, values: Sequence[str]) -> int:
    """Returns a positive number where `cell` looks like the name of a column of `values`."""
    if not cell:
        return 0
    distinct = {value.strip() for value in values} - {""}
    few_values = 0 < len(distinct) <= max(1, len(values) // 2)
    vote = 0
    if len(cell.split()) > _MOST_WORDS:
        vote -= 1
    elif has_name(cell, _USUAL_NAMES):
        vote += 3
    if distinct and all(is_number(value) for value in distinct):
        vote += 3
    if cell in distinct:
        vote -= 4 if few_values else 1
    elif few_values:
        vote += 1
    return vote
