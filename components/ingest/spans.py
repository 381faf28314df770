"""The spans of a run: the newest complete one, and the window before it that is trained on too."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from components.ingest.span_pattern import DATE, SPAN, SpanPattern, date_of_span, has_span
from schemas import features as keys
from schemas.errors import UserError

Gaps = Literal["refuse", "skip"]

MARKER = "span_marker"
"""Key of the pattern whose file says that a span is complete."""

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


@dataclass(frozen=True)
class Spans:
    """The spans that were chosen.

    Attributes:
      numbers: Spans to train on, oldest first; empty where no pattern holds a span.
      patterns: File patterns by split: of train one a span, of the others that of the newest.
      dated: Whether they are days.
    """

    numbers: tuple[int, ...]
    patterns: Mapping[str, tuple[str, ...]]
    dated: bool = False

    @property
    def newest(self) -> int:
        """The span that eval and test are of, 0 where there is none."""
        return self.numbers[-1] if self.numbers else 0

    def name(self, span: int) -> str:
        """Returns a span as a person knows it."""
        return span_name(span, dated=self.dated)


def span_name(span: int, *, dated: bool) -> str:
    """Returns the number of a span, with its day where it has one.

    >>> span_name(20781, dated=True)
    '20781 (2026-11-24)'
    """
    return f"{span} ({date_of_span(span)})" if dated else str(span)


def resolve_spans(patterns: Mapping[str, str], choice: SpanChoice) -> Spans:
    """Finds the spans and puts them into the patterns.

    A span is complete when every split that is divided into spans has files of it, and the marker
    too, where one is named.

    Args:
      patterns: Absolute file patterns by split.
      choice: Which spans are wanted.

    Raises:
      UserError: If there is no such span, or one inside the window is missing.
    """
    numbered = {split: pattern for split, pattern in patterns.items() if has_span(pattern)}
    if not numbered:
        _refuse_without_spans(choice)
        return Spans((), {split: (pattern,) for split, pattern in patterns.items()})
    if choice.marker is not None:
        numbered[MARKER] = choice.marker
    places = [SpanPattern(key, pattern) for key, pattern in numbered.items()]
    dated = places[0].is_dated
    if any(place.is_dated != dated for place in places):
        raise UserError(
            f"ingest: spans must be all numbers ({SPAN}) or all days ({'-'.join(DATE)}); "
            f"received {', '.join(place.pattern for place in places)}"
        )
    listing = _Listing({place.key: place.find() for place in places}, dated)
    newest = _newest(listing, choice.wanted)
    numbers = _window(listing, newest, choice)
    return Spans(
        numbers,
        {
            split: tuple(
                listing.found[split][number]
                for number in (numbers if split == keys.TRAIN else (newest,))
            )
            if split in listing.found
            else (pattern,)
            for split, pattern in patterns.items()
        },
        dated,
    )


@dataclass(frozen=True)
class _Listing:
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


def _refuse_without_spans(choice: SpanChoice) -> None:
    given = [
        name
        for name, is_given in (
            (f"ingest.span is {choice.wanted}", choice.wanted is not None),
            (f"ingest.window is {choice.window}", choice.window > 1),
            (f"ingest.span_marker is {choice.marker}", choice.marker is not None),
        )
        if is_given
    ]
    if given:
        raise UserError(
            f"{' and '.join(given)}, but no file pattern holds {SPAN} or a date; "
            "put it where the number stands"
        )


def _newest(listing: _Listing, wanted: int | None) -> int:
    """Returns `wanted`, or the latest complete span."""
    complete = listing.complete
    if wanted is not None and wanted not in complete:
        raise UserError(
            f"ingest.span {listing.name(wanted)} is not there for every split; there are {listing}"
        )
    if not complete:
        raise UserError(
            f"no span is there for every split; there are {listing}; "
            f"check the patterns that hold {SPAN} or a date"
        )
    if wanted is not None:
        return wanted
    newest, seen = max(complete), max(set().union(*listing.found.values()))
    if seen > newest:
        _log.warning(
            "span %s is not complete (%s); reading span %s",
            listing.name(seen),
            listing,
            listing.name(newest),
        )
    return newest


def _window(listing: _Listing, newest: int, choice: SpanChoice) -> tuple[int, ...]:
    """Returns the spans to train on; before the first span that there is, none is missing."""
    complete = sorted(span for span in listing.complete if span <= newest)
    if choice.gaps == "skip":
        return tuple(complete[-choice.window :])
    first = max(complete[0], newest - choice.window + 1)
    numbers = tuple(range(first, newest + 1))
    if missing := [span for span in numbers if span not in listing.complete]:
        raise UserError(
            f"ingest.window {choice.window} takes the spans {listing.name(first)} to "
            f"{listing.name(newest)}, of which {listing.names(missing)} must be there; there are "
            f"{listing}; restore it, lower ingest.window, or set ingest.gaps: skip"
        )
    return numbers
