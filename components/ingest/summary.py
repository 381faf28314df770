"""What ingest did with the rows: the counts while it works, and the record that stays."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

EXAMPLES_KEPT = 3
"""How many rows are named for each finding."""


class RowExample(NamedTuple):
    """A row named in a message.

    Attributes:
      chunk: Index of its chunk; with the line it gives the order of rows.
      line: Line in the file.
      row: `file name:line`.
      text: What to say about it, empty where its place says enough.
    """

    chunk: int
    line: int
    row: str
    text: str = ""


@dataclass
class Counts:
    """Counts of a part of the rows, which add up.

    Attributes:
      accepted: Rows written, by split.
      rejected: Rows rejected, by reason.
      dropped: Rows taken out again as duplicates or leaks, by split.
      duplicates: Rows beyond the first with the same text and target, by split.
      leaks: Rows whose text stands in train too, by split.
      conflicts: Texts with more than one target, by split.
      labels: Rows written by (split, label).
      examples: Some rows by finding ("unknown_label", "duplicates", "leaks", "conflicts").
      failures: What kept a file from being read to its end.
    """

    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    leaks: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, list[RowExample]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add_example(self, finding: str, example: RowExample) -> None:
        """Remembers a row of a finding, if there are not enough before it."""
        kept = self.examples.setdefault(finding, [])
        if len(kept) < EXAMPLES_KEPT or example < kept[-1]:
            kept.append(example)
            kept.sort()
            del kept[EXAMPLES_KEPT:]

    def add(self, other: "Counts") -> None:
        """Adds another part, in any order with the same outcome."""
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
        for finding, examples in other.examples.items():
            for example in examples:
                self.add_example(finding, example)
        self.failures = sorted({*self.failures, *other.failures})


def total(parts: Iterable[Counts]) -> Counts:
    """Returns the sum of `parts`."""
    counts = Counts()
    for part in parts:
        counts.add(part)
    return counts


class IngestSummary(BaseModel):
    """The record of one ingest, `summary.json` in the quarantine artifact.

    Attributes:
      num_rows: Rows read, blank lines and headers not counted.
      num_rejected: Rows in the quarantine.
      num_duplicates: Rows beyond the first with the same text and target within a split.
      num_leaks: Eval and test rows whose text stands in train too.
      num_conflicts: Texts with more than one target within a split.
      num_dropped: Duplicates and leaks that were taken out.
      accepted: Rows in the examples, by split.
      rejected: Rejected rows, by reason.
      duplicates: By split.
      leaks: By split.
      conflicts: By split.
      labels: Rows in the examples, by split and label.
      examples: Some rows (`file name:line`, and what is wrong with it) by finding.
      failures: What kept a file from being read to its end; a run with failures stops.
      warnings: What a person should look at, in words.
      span: Span of the data, 0 where it has none.
      seconds: Wall time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_rows: int
    num_rejected: int
    num_duplicates: int
    num_leaks: int
    num_conflicts: int
    num_dropped: int
    accepted: Mapping[str, int]
    rejected: Mapping[str, int]
    duplicates: Mapping[str, int]
    leaks: Mapping[str, int]
    conflicts: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    examples: Mapping[str, tuple[str, ...]]
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    span: int = 0
    seconds: float = Field(default=0.0, ge=0.0)


def summarize(counts: Counts, splits: Sequence[str], span: int = 0) -> IngestSummary:
    """Turns the counts of all rows into the record.

    Args:
      counts: The counts.
      splits: Splits of the examples, train first.
      span: Span of the data.
    """
    num_rejected = counts.rejected.total()
    labels: dict[str, dict[str, int]] = {split: {} for split in splits}
    for (split, label), number in sorted(counts.labels.items()):
        labels[split][label] = number
    return IngestSummary(
        num_rows=counts.accepted.total() + num_rejected,
        num_rejected=num_rejected,
        num_duplicates=counts.duplicates.total(),
        num_leaks=counts.leaks.total(),
        num_conflicts=counts.conflicts.total(),
        num_dropped=counts.dropped.total(),
        accepted={split: counts.accepted[split] - counts.dropped[split] for split in splits},
        rejected=dict(sorted(counts.rejected.items(), key=lambda item: (-item[1], item[0]))),
        duplicates={split: counts.duplicates[split] for split in splits},
        leaks={split: counts.leaks[split] for split in splits[1:]},
        conflicts={split: counts.conflicts[split] for split in splits},
        labels=labels,
        examples={
            finding: tuple(
                f"{example.row}: {example.text}" if example.text else example.row
                for example in examples
            )
            for finding, examples in sorted(counts.examples.items())
        },
        failures=tuple(counts.failures),
        span=span,
    )
