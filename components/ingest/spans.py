"""The spans of a run: the newest complete one, and the window before it that is trained on too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from components.ingest.span_listing import Listing, SpanChoice, span_name
from components.ingest.span_pattern import DATE, SPAN, SpanPattern, has_span, with_span
from schemas import features as keys
from schemas.errors import UserError

MARKER = "span_marker"
"""Key of the pattern whose file says that a span is complete."""

LIST_QUERY = "bigquery.spans"
"""Key of the query that lists the spans which are complete."""


@dataclass(frozen=True)
class SpanQueries:
    """What is asked of a database, which lists no files.

    Attributes:
      texts: Queries by split, the place of a span still in them.
      listed: Numbers of the spans that a query of its own listed; None without one.
      listed_are_dated: Whether those are days.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    listed: tuple[int, ...] | None = None
    listed_are_dated: bool = False


class FilledQuery(NamedTuple):
    """A query whose span is put in.

    Attributes:
      span: The span, 0 where it holds none.
      text: The query.
    """

    span: int
    text: str


@dataclass(frozen=True)
class Spans:
    """The spans that were chosen.

    Attributes:
      numbers: Spans to train on, oldest first; empty where nothing holds a span.
      patterns: File patterns by split: of train one a span, of the others that of the newest.
      dated: Whether they are days.
      queries: Queries by split, likewise.
    """

    numbers: tuple[int, ...]
    patterns: Mapping[str, tuple[str, ...]]
    dated: bool = False
    queries: Mapping[str, tuple[FilledQuery, ...]] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        """The span that eval and test are of, 0 where there is none."""
        return self.numbers[-1] if self.numbers else 0

    def name(self, span: int) -> str:
        """Returns a span as a person knows it."""
        return span_name(span, dated=self.dated)


def resolve_spans(
    patterns: Mapping[str, str], choice: SpanChoice, asked: SpanQueries = SpanQueries()
) -> Spans:
    """Finds the spans and puts them into the patterns and queries.

    A span is complete when every split of files that is divided into spans has files of it, the
    marker too, where one is named, and the query that lists them has it, where there is one.

    Args:
      patterns: Absolute file patterns by split.
      choice: Which spans are wanted.
      asked: The splits that are queries.

    Raises:
      UserError: If there is no such span, or one inside the window is missing.
    """
    numbered = {split: pattern for split, pattern in patterns.items() if has_span(pattern)}
    if not numbered and not any(map(has_span, asked.texts.values())):
        _refuse_without_spans(choice, asked)
        return Spans(
            (),
            {split: (pattern,) for split, pattern in patterns.items()},
            queries={split: (FilledQuery(0, text),) for split, text in asked.texts.items()},
        )
    if choice.marker is not None:
        numbered[MARKER] = choice.marker
    dated = _are_dated(numbered, asked)
    listing = Listing(
        {key: SpanPattern(key, pattern).find() for key, pattern in numbered.items()}, dated
    )
    if asked.listed is not None:
        listing = Listing({**listing.found, LIST_QUERY: dict.fromkeys(asked.listed, "")}, dated)
    if listing.found:
        newest = listing.newest(choice.wanted)
        numbers = listing.window(newest, choice)
    else:
        newest, numbers = _counted_back(choice)
    return Spans(
        numbers,
        {
            split: tuple(
                listing.found[split][number] for number in _of_split(split, numbers, newest)
            )
            if split in listing.found
            else (pattern,)
            for split, pattern in patterns.items()
        },
        dated,
        {
            split: tuple(
                FilledQuery(number, with_span(text, number))
                for number in _of_split(split, numbers, newest)
            )
            if has_span(text)
            else (FilledQuery(0, text),)
            for split, text in asked.texts.items()
        },
    )


def _of_split(split: str, numbers: tuple[int, ...], newest: int) -> tuple[int, ...]:
    return numbers if split == keys.TRAIN else (newest,)


def _are_dated(numbered: Mapping[str, str], asked: SpanQueries) -> bool:
    """Returns whether the spans are days; all must be, or none."""
    texts = [*numbered.values(), *filter(has_span, asked.texts.values())]
    kinds = {SPAN not in text for text in texts}
    if asked.listed:
        kinds.add(asked.listed_are_dated)
        texts.append(f"{'days' if asked.listed_are_dated else 'numbers'} from ingest.{LIST_QUERY}")
    if len(kinds) > 1:
        raise UserError(
            f"ingest: spans must be all numbers ({SPAN}) or all days ({'-'.join(DATE)}); "
            f"received {', '.join(texts)}"
        )
    return kinds.pop()


def _counted_back(choice: SpanChoice) -> tuple[int, tuple[int, ...]]:
    """Returns the spans up to a given one, for queries, which do not say which spans there are."""
    others = (
        f"ingest.{MARKER}, a pattern of files of which each complete span has one, or "
        f"ingest.{LIST_QUERY}, a query that lists the spans that are complete"
    )
    if choice.wanted is None:
        raise UserError(
            f"a query does not say which span is the latest complete one; set ingest.span, {others}"
        )
    if choice.gaps == "skip" and choice.window > 1:
        raise UserError(
            f"a query does not say which spans are missing; for ingest.gaps: skip, set {others}"
        )
    first = max(1, choice.wanted - choice.window + 1)
    return choice.wanted, tuple(range(first, choice.wanted + 1))


def _refuse_without_spans(choice: SpanChoice, asked: SpanQueries) -> None:
    given = [
        name
        for name, is_given in (
            (f"ingest.span is {choice.wanted}", choice.wanted is not None),
            (f"ingest.window is {choice.window}", choice.window > 1),
            (f"ingest.span_marker is {choice.marker}", choice.marker is not None),
            (f"ingest.{LIST_QUERY} is given", asked.listed is not None),
        )
        if is_given
    ]
    if given:
        raise UserError(
            f"{' and '.join(given)}, but no file pattern or query holds {SPAN} or a date; "
            "put it where the number stands"
        )
