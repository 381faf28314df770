"""A file pattern that holds the number or the date of a span: which spans have files."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.ingest.files import matching_files
from schemas.errors import UserError

SPAN = "{SPAN}"
DATE = ("{YYYY}", "{MM}", "{DD}")
_DIGITS = {SPAN: r"\d+", "{YYYY}": r"\d{4}", "{MM}": r"\d{2}", "{DD}": r"\d{2}"}
_EPOCH = datetime.date(1970, 1, 1)


def check_placeholders(pattern: str) -> None:
    """Checks that a pattern holds a number, a whole date, or neither, as TFX's ExampleGen does.

    Raises:
      ValueError: If it mixes them, or a part of the date is missing.
    """
    held = [part for part in DATE if part in pattern]
    if held and len(held) < len(DATE):
        raise ValueError(
            f"a date needs {', '.join(DATE)}, all of them; received {pattern!r}; add the others"
        )
    if held and SPAN in pattern:
        raise ValueError(
            f"{SPAN} and a date cannot stand in one pattern; received {pattern!r}; choose one"
        )


def has_span(pattern: str) -> bool:
    """Returns whether files of `pattern` belong to spans."""
    return SPAN in pattern or DATE[0] in pattern


def span_of_date(date: datetime.date) -> int:
    """Returns the number of a day's span, as TFX counts them: days since 1970.

    >>> span_of_date(datetime.date(2026, 11, 24))
    20781
    """
    return (date - _EPOCH).days


def date_of_span(span: int) -> datetime.date:
    """Returns the day of a span that is named by its date.

    >>> date_of_span(20781).isoformat()
    '2026-11-24'
    """
    return _EPOCH + datetime.timedelta(days=span)


def with_span(text: str, span: int) -> str:
    """Returns a text that is no file pattern, such as a query, with a span in its place.

    >>> with_span("SELECT * FROM d.t WHERE day = '{YYYY}-{MM}-{DD}'", 20781)
    "SELECT * FROM d.t WHERE day = '2026-11-24'"
    """
    if SPAN in text:
        return text.replace(SPAN, str(span))
    return _filled(text, dict(zip(DATE, date_of_span(span).isoformat().split("-"), strict=True)))


@dataclass(frozen=True)
class SpanPattern:
    """One pattern of the config with the place of the span in it.

    Attributes:
      key: Its key below `ingest`, for messages.
      pattern: Absolute; `{SPAN}` stands for digits, with or without leading zeros, and
        `{YYYY}`, `{MM}` and `{DD}` for a day.
    """

    key: str
    pattern: str

    @property
    def is_dated(self) -> bool:
        """Whether its spans are days."""
        return SPAN not in self.pattern

    def find(self) -> dict[int, str]:
        """Returns the spans that have files, each with the pattern of its own files.

        Raises:
          UserError: If a span is written in two ways, or a date is none.
        """
        glob, expression = self.pattern, _expression(self.pattern)
        for placeholder in _DIGITS:
            glob = glob.replace(placeholder, "*")
        spans: dict[int, str] = {}
        for path in matching_files(glob):
            if match := expression.fullmatch(path):
                digits = {f"{{{name}}}": value for name, value in match.groupdict().items()}
                number = self._number(digits)
                filled = _filled(self.pattern, digits)
                known = spans.setdefault(number, filled)
                if known != filled:
                    raise UserError(
                        f"ingest.{self.key}: span {number} is written as {known} and as {filled}; "
                        "rename one"
                    )
        return spans

    def _number(self, digits: Mapping[str, str]) -> int:
        if not self.is_dated:
            return int(digits[SPAN])
        text = "-".join(digits[part] for part in DATE)
        try:
            return span_of_date(datetime.date.fromisoformat(text))
        except ValueError as error:
            raise UserError(
                f"ingest.{self.key}: {_filled(self.pattern, digits)} must be named by a date; "
                f"received {text}; rename or remove it"
            ) from error


def _filled(pattern: str, digits: Mapping[str, str]) -> str:
    for placeholder, value in digits.items():
        pattern = pattern.replace(placeholder, value)
    return pattern


def _expression(pattern: str) -> re.Pattern[str]:
    """Translates a glob; every occurrence of a placeholder stands for the same digits."""
    parts: list[str] = []
    seen: set[str] = set()
    placeholders = "|".join(map(re.escape, _DIGITS))
    for piece in re.split(rf"({placeholders}|\*\*|\*|\?|\[[^]]+\])", pattern):
        if piece in _DIGITS:
            parts.append(_group(piece, is_first=piece not in seen))
            seen.add(piece)
        elif piece == "**":
            parts.append(".*")
        elif piece in ("*", "?"):
            parts.append("[^/]" + ("*" if piece == "*" else ""))
        elif piece.startswith("[") and len(piece) > 1:
            parts.append("[" + piece[1:-1].replace("!", "^", 1).replace("\\", "\\\\") + "]")
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts))


def _group(placeholder: str, *, is_first: bool) -> str:
    name = placeholder.strip("{}")
    if not is_first:
        return f"(?P={name})"
    group = f"(?P<{name}>{_DIGITS[placeholder]})"
    # Of a number all digits; the parts of a date may stand side by side, as in 20261124.
    return rf"(?<!\d){group}(?!\d)" if placeholder == SPAN else group
