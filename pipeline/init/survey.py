"""What is in the files: counts of rows, labels, lengths, repeats."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from components.ingest.summary import Counts

_EXAMPLES_SHOWN = 5


@dataclass
class Survey:
    """What is in the files.

    Attributes:
      counts: Rows by split, label and reason of rejection; duplicates, leaks and conflicts; and
        rows as examples of each.
      words: Rows by number of words.
      characters: Rows by number of characters.
      slices: Rows by value, of each column to slice by, by `str(column)`.
    """

    counts: Counts = field(default_factory=Counts)
    words: Counter[int] = field(default_factory=Counter)
    characters: Counter[int] = field(default_factory=Counter)
    slices: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def num_rows(self) -> int:
        """Rows read, usable or not."""
        return self.num_usable + self.num_rejected

    @property
    def num_usable(self) -> int:
        """Rows that ingest will take, whatever their length."""
        return self.counts.accepted.total()

    @property
    def num_rejected(self) -> int:
        """Rows that ingest will reject, whatever the limits."""
        return self.counts.rejected.total()

    @property
    def labels(self) -> Counter[str]:
        """Usable rows by label."""
        labels: Counter[str] = Counter()
        for (_, label), number in self.counts.labels.items():
            labels[label] += number
        return labels

    def labels_of(self, split: str) -> Counter[str]:
        """Returns the usable rows of a split by label."""
        labels = self.counts.labels.items()
        return Counter({label: number for (where, label), number in labels if where == split})

    def rejected_lines(self) -> list[str]:
        """Returns some rejected rows and why, for messages."""
        reasons = self.counts.rejected
        rows = [row for reason in reasons for row in self.counts.examples.get(reason, ())]
        return [f"{row.row}: {row.text}" for row in sorted(rows)][:_EXAMPLES_SHOWN]


def percentile(histogram: Mapping[int, int], share: float) -> int:
    """Returns the smallest value that `share` of the counted ones do not exceed; 0 of none.

    >>> percentile({3: 98, 40: 2}, 0.5), percentile({3: 98, 40: 2}, 0.99)
    (3, 40)
    """
    wanted = share * sum(histogram.values())
    seen = 0
    for value in sorted(histogram):
        seen += histogram[value]
        if seen >= wanted:
            return value
    return 0
