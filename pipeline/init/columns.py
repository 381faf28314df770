"""What the columns of a file look like, from a sample of their values."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.init.header import is_number
from pipeline.init.layout import Column
from pipeline.init.usual_names import TEXT_NAMES, has_name

MAX_LABELS = 1000
MAX_SLICE_VALUES = 20
_MIN_LETTERS = 0.5
_MIN_FEW = 10
_VALUES_SPELLED = 500


@dataclass(frozen=True)
class ColumnProfile:
    """What the sampled values of a column look like, white space around them set aside.

    Attributes:
      column: The column.
      num_rows: Rows sampled.
      values: Rows of each value that is not empty.
      mean_chars: Characters of a value.
      mean_words: Words of a value.
      letter_share: Share of letters among the characters that are no white space.
      foreign_share: Share of letters beyond ASCII among them.
      numeric: Whether every value is a number.
      integral: Whether every value is a whole number.
    """

    column: Column
    num_rows: int
    values: Counter[str]
    mean_chars: float
    mean_words: float
    letter_share: float
    foreign_share: float
    numeric: bool
    integral: bool

    @property
    def empty_share(self) -> float:
        """Share of the rows without a value."""
        return 1 - self.values.total() / max(1, self.num_rows)

    @property
    def unique_share(self) -> float:
        """Number of different values over that of all values."""
        return len(self.values) / max(1, self.values.total())

    @property
    def has_few_values(self) -> bool:
        """Whether there are few values that come again and again, as in a category."""
        repeated = sum(count for count in self.values.values() if count > 1)
        if not self.values:
            return False
        limit = max(_MIN_FEW, min(MAX_LABELS / 2, self.num_rows * 0.2))
        often = repeated >= 0.5 * self.values.total() and self.unique_share <= 0.5
        return len(self.values) <= limit and often

    @property
    def is_wordy(self) -> bool:
        """Whether the values are words, and not numbers, dates or identifiers."""
        if self.numeric or not self.values or self.letter_share < _MIN_LETTERS:
            return False
        unspaced = self.foreign_share >= _MIN_LETTERS  # Chinese has no spaces between words
        return self.mean_words >= 2 or unspaced or has_name(self.column, TEXT_NAMES)

    @property
    def is_scale(self) -> bool:
        """Whether the values are numbers with fractions, too many to be classes."""
        return self.numeric and not self.integral and len(self.values) > _MIN_FEW

    @property
    def counts_up(self) -> bool:
        """Whether it numbers the rows."""
        return self.integral and len(self.values) == self.values.total()

    @property
    def are_codes(self) -> bool:
        """Whether whole numbers can be classes: few, or from 0 or 1 on without large gaps."""
        if not self.integral:
            return False
        numbers = {float(value) for value in self.values}
        dense = max(numbers) - min(numbers) < 1.2 * len(numbers)
        return len(numbers) <= MAX_SLICE_VALUES or (dense and min(numbers) in (0.0, 1.0))


def profile_column(column: Column, rows: Sequence[Mapping[str, str]]) -> ColumnProfile:
    """Describes a column from sampled `rows`, keyed by `str(column)`."""
    cells = (row.get(str(column), "").strip() for row in rows)
    values = Counter(cell for cell in cells if cell)
    total = max(1, values.total())
    numeric = bool(values) and all(is_number(value) for value in values)
    letter_share, foreign_share = _letter_shares(islice(values, _VALUES_SPELLED))
    return ColumnProfile(
        column=column,
        num_rows=len(rows),
        values=values,
        mean_chars=sum(len(value) * count for value, count in values.items()) / total,
        mean_words=sum(len(value.split()) * count for value, count in values.items()) / total,
        letter_share=letter_share,
        foreign_share=foreign_share,
        numeric=numeric,
        integral=numeric and all(float(value).is_integer() for value in values),
    )


def say_the_same(first: Column, second: Column, rows: Iterable[Mapping[str, str]]) -> bool:
    """Returns whether two columns name the same groups of rows, as `1` and `positive` may."""
    pairs = {(row.get(str(first), ""), row.get(str(second), "")) for row in rows}
    return len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def describe(profiles: Iterable[ColumnProfile]) -> str:
    """Returns columns with their number of values and an example, for messages."""
    shown = []
    for profile in profiles:
        count = len(profile.values)
        example = next(iter(profile.values), "")
        example = f", such as {example[:30]!r}" if example else ""
        values = f"{count} different value{'s' * (count != 1)}"
        shown.append(f"{title(profile.column)} ({values}{example})")
    return "; ".join(shown)


def title(column: Column) -> str:
    """Returns a column as a person calls it."""
    return f"column {column}" if isinstance(column, int) else column


def _letter_shares(values: Iterable[str]) -> tuple[float, float]:
    marks = [mark for value in values for mark in value if not mark.isspace()]
    letters = [mark for mark in marks if mark.isalpha()]
    foreign = sum(not mark.isascii() for mark in letters)
    return len(letters) / max(1, len(marks)), foreign / max(1, len(marks))
