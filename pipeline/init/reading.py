"""One pass over every row: labels, lengths, what ingest will reject, repeats."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from components.ingest.formats.base import Rejection, Row, reject
from components.ingest.repeats import SPLITS, find_repeats, pack_records, unpack_records
from components.ingest.summary import RowExample
from models.tasks.base import Task
from pipeline.init.columns import MAX_LABELS, title
from pipeline.init.layout import FileLayout
from pipeline.init.roles import Roles
from pipeline.init.survey import Survey
from schemas import features as keys
from schemas.errors import UserError

MAX_SLICE_VALUES_COUNTED = 101
"""One more than a column to slice by may have in all rows."""

_PACKED_AT_ONCE = 65_536


def survey_files(
    layouts: Mapping[str, FileLayout],
    roles: Roles,
    task: Task,
    *,
    on_row: Callable[[int], None] = lambda count: None,
) -> Survey:
    """Reads every row of every file once; memory grows by 25 bytes a row, to find the repeats.

    Args:
      layouts: The file of each split.
      roles: Its columns.
      task: Says which rows count as the same.
      on_row: Told the number of rows read so far.

    Raises:
      UserError: If a file breaks off, or the label has too many values to be one.
    """
    reading = _Reading(roles, task)
    file_names = _file_names([layout.path for layout in layouts.values()])
    for chunk, (split, layout) in enumerate(layouts.items()):
        reading.start_file(split, chunk, file_names[chunk])
        for row in layout.rows((roles.text, roles.label, *roles.slices)):
            reading.take(row)
            on_row(reading.num_rows)
        reading.pack()
    repeats, _ = find_repeats(
        unpack_records(reading.packed),
        lambda chunk, line: f"{file_names[chunk]}:{line}",
        drop_duplicates=False,
        drop_leaks=False,
    )
    reading.survey.counts.add(repeats)
    return reading.survey


class _Reading:
    """The rows read so far.

    Attributes:
      survey: What was found.
      packed: Digests of the rows, for the repeats.
      num_rows: Rows read.
    """

    def __init__(self, roles: Roles, task: Task) -> None:
        self._roles = roles
        self._task = task
        self._records: list[tuple[int, int, int, int, int, int]] = []
        self._label_ids: dict[str, int] = {}
        self.survey = Survey(slices={str(column): Counter() for column in roles.slices})
        self.packed: list[bytes] = []
        self.num_rows = 0

    def start_file(self, split: str, chunk: int, name: str) -> None:
        """Says where the rows that follow come from."""
        self._split, self._chunk, self._name = split, chunk, name

    def take(self, row: Row | Rejection) -> None:
        """Counts a row."""
        self.num_rows += 1
        checked = _checked(row, self._roles) if isinstance(row, Row) else row
        if isinstance(checked, Rejection):
            self._reject(checked)
        else:
            self._accept(checked)

    def pack(self) -> None:
        """Puts the digests of the rows by."""
        if self._records:
            self.packed += [packed for _, packed in pack_records(self._records)]
        self._records.clear()

    def _reject(self, problem: Rejection) -> None:
        reason, line = problem.reason, problem.line
        example = RowExample(self._chunk, line, f"{self._name}:{line}", problem.message)
        self.survey.counts.rejected[reason] += 1
        self.survey.counts.add_example(reason, example)

    def _accept(self, row: Row) -> None:
        survey = self.survey
        values = {column: str(value) for column, value in row.values.items()}
        text, label = values[str(self._roles.text)], values[str(self._roles.label)].strip()
        survey.counts.accepted[self._split] += 1
        survey.counts.labels[self._split, label] += 1
        survey.words[len(text.split())] += 1
        survey.characters[len(text)] += 1
        for column, counter in survey.slices.items():
            value = values.get(column)
            if value is not None and (value in counter or len(counter) < MAX_SLICE_VALUES_COUNTED):
                counter[value] += 1
        self._remember(text, self._label_id(label), row.line)

    def _label_id(self, label: str) -> int:
        label_id = self._label_ids.setdefault(label, len(self._label_ids))
        if label_id >= MAX_LABELS:
            raise UserError(
                f"{self._name}: a label needs {MAX_LABELS} values at most, which repeat; "
                f"{title(self._roles.label)} has more. Name another: --label NAME"
            )
        return label_id

    def _remember(self, text: str, label_id: int, line: int) -> None:
        """Keeps 25 bytes of a row, as ingest does."""
        identity = self._task.identity({keys.TEXT: text.encode()}).encode("utf-8", "surrogatepass")
        digest = int.from_bytes(hashlib.blake2b(identity, digest_size=8).digest(), "little")
        split = SPLITS.index(self._split)
        self._records.append((digest, label_id, split, self._chunk, line, line))
        if len(self._records) >= _PACKED_AT_ONCE:
            self.pack()


def _file_names(paths: Sequence[Path]) -> list[str]:
    """Returns names that tell the files apart, short where they can be."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _checked(row: Row, roles: Roles) -> Row | Rejection:
    """Returns the row, or why ingest will reject it; no limit of its length is chosen yet."""
    reason = message = ""
    if missing := [column for column in (roles.text, roles.label) if str(column) not in row.values]:
        reason, message = "missing_column", f"{title(missing[0])} has no value"
    elif any("\0" in value for value in row.values.values()):
        reason, message = "nul", "a row must not hold NUL"
    elif not str(row.values[str(roles.text)]).strip():
        reason, message = "empty_text", f"{title(roles.text)} is empty"
    elif not str(row.values[str(roles.label)]).strip():
        reason, message = "empty_label", f"{title(roles.label)} is empty"
    return reject(row.line, reason, message, row.raw) if reason else row
