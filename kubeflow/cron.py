"""Cron lines: five fields, checked here, because each service reads a wrong one in its own way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_LONGEST: Final = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
"""Days of the months that have no 31st."""

_PART: Final = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", re.ASCII)


@dataclass(frozen=True)
class _Field:
    """One of the five: its name, its numbers, and names for them from the first on."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


@dataclass(frozen=True)
class Cron:
    """A line that means the same to every service: numbers, lists, ranges and steps.

    Attributes:
      fields: Minute, hour, day of month, month, day of week (0 is Sunday).
    """

    fields: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.fields)

    @property
    def with_seconds(self) -> str:
        """The line as Kubeflow reads it: seconds come first."""
        return f"0 {self}"


def parse_cron(line: str) -> Cron:
    """Returns the checked line, names of months and days as numbers.

    >>> str(parse_cron("30 5 * * mon-fri"))
    '30 5 * * 1-5'

    Raises:
      ValueError: In words, if it is no cron line, or one that never comes due.
    """
    texts = line.split()
    if len(texts) != len(_FIELDS):
        raise ValueError(
            "a cron line has five fields (minute, hour, day of month, month, day of week), such as "
            f"'30 5 * * 1-5'; received {line!r}, which has {len(texts)}"
        )
    read = [_read_field(text, field) for text, field in zip(texts, _FIELDS, strict=True)]
    days, months, weekdays = (values for _, values in read[2:])
    some_day = any(min(days) <= _LONGEST.get(month, 31) for month in months)
    if not some_day and len(weekdays) == len(_DAYS):
        raise ValueError(f"no month of {line!r} has such a day, so it never comes due; change it")
    return Cron(tuple(text for text, _ in read))


def _read_field(text: str, field: _Field) -> tuple[str, set[int]]:
    """Returns a field in numbers, and the values that it stands for."""
    parts, values = [], set()
    for part in text.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(_wrong(part, field))
        start, end, step = found.groups()
        if start == "*":
            if end is not None:
                raise ValueError(_wrong(part, field))
            shown, low, high = "*", field.first, field.last
        else:
            low = _number(start, field, part)
            # A start with a step goes on to the end of the field.
            high = _number(end, field, part) if end else field.last if step else low
            shown = f"{low}-{high}" if end else str(low)
        width = int(step or 1)
        if low > high or not 1 <= width <= field.last - field.first + 1:
            raise ValueError(_wrong(part, field))
        parts.append(f"{shown}/{width}" if step else shown)
        values.update(range(low, high + 1, width))
    return ",".join(parts), values


def _number(text: str, field: _Field, part: str) -> int:
    if text.lower() in field.names:
        return field.first + field.names.index(text.lower())
    if text == part == "7" and field.names == _DAYS:
        return 0  # Sunday, to many crons; not to Kubeflow's
    if not text.isdigit() or not field.first <= int(text) <= field.last:
        raise ValueError(_wrong(part, field))
    return int(text)


def _wrong(part: str, field: _Field) -> str:
    return (
        f"the {field.name} of a cron line is * or made of numbers from {field.first} to "
        f"{field.last}, ranges (1-5), lists (1,3) and steps (*/15); received {part!r}"
    )
