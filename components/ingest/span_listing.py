"""The spans that there are, each complete or not, and which of them are chosen."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from components.ingest.span_pattern import SPAN, date_of_span
from schemas.errors import UserError

Gaps = Literal["refuse", "skip"]

_LISTED = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpanChoice:
    """Which spans are read.

    Attributes:
      wanted: The newest; None: the latest complete one.
      window: How many are trained on, at most.
      gaps: What to do when one inside the window is missing.
      marker: Absolute pattern of a file that makes a span complete.
    """

    wanted: int | None = None
    window: int = 1
    gaps: Gaps = "refuse"
    marker: str | None = None


def span_name(span: int, *, dated: bool) -> str:
    """Returns the number of a span, with its day where it has one.

    >>> span_name(20781, dated=True)
    '20781 (2026-11-24)'
    """
    return f"{span} ({date_of_span(span)})" if dated else str(span)


@dataclass(frozen=True)
class Listing:
    """The spans that were found, by key of their pattern, and how they are named."""

    found: Mapping[str, Mapping[int, str]]
    dated: bool

    @property
    def complete(self) -> set[int]:
        return set.intersection(*(set(spans) for spans in self.found.values()))

    def name(self, span: int) -> str:
        return span_name(span, dated=self.dated)

    def names(self, spans: Sequence[int]) -> str:
        return ", ".join(map(self.name, spans)) or "none"

    def __str__(self) -> str:
        """The latest few spans of every pattern in words."""
        return "; ".join(
            f"{key}: {'… ' if len(spans) > _LISTED else ''}{self.names(sorted(spans)[-_LISTED:])}"
            for key, spans in self.found.items()
        )

    def newest(self, wanted: int | None) -> int:
        """Returns `wanted`, or the latest complete span."""
        complete = self.complete
        if wanted is not None and wanted not in complete:
            raise UserError(
                f"ingest.span {self.name(wanted)} is not there for every split; there are {self}"
            )
        if not complete:
            raise UserError(
                f"no span is there for every split; there are {self}; "
                f"check the patterns that hold {SPAN} or a date"
            )
        if wanted is not None:
            return wanted
        newest, seen = max(complete), max(set().union(*self.found.values()))
        if seen > newest:
            _log.warning(
                "span %s is not complete (%s); reading span %s",
                self.name(seen),
                self,
                self.name(newest),
            )
        return newest

    def window(self, newest: int, choice: SpanChoice) -> tuple[int, ...]:
        """Returns the spans to train on; before the first span that there is, none is missing."""
        complete = sorted(span for span in self.complete if span <= newest)
        if choice.gaps == "skip":
            return tuple(complete[-choice.window :])
        first = max(complete[0], newest - choice.window + 1)
        numbers = tuple(range(first, newest + 1))
        if missing := [span for span in numbers if span not in self.complete]:
            raise UserError(
                f"ingest.window {choice.window} takes the spans {self.name(first)} to "
                f"{self.name(newest)}, of which {self.names(missing)} must be there; there are "
                f"{self}; restore it, lower ingest.window, or set ingest.gaps: skip"
            )
        return numbers
