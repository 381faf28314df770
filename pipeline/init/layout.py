"""How a file is laid out: its format, its header, its columns; and its rows by column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

from components.ingest.formats import create_format, format_of
from components.ingest.formats.base import Chunk, Rejection, Row, SourceFile, reject
from components.ingest.formats.delimited import Delimited, Record
from models.tasks.classification import Classification
from pipeline.init.content import check_file, is_gzipped, read_head, text_of
from pipeline.init.format import HEAD_ROWS, format_by_content
from pipeline.init.header import has_header
from pipeline.init.other_tasks import refuse_other_shapes
from schemas.errors import UserError

Column = str | int
"""A column as the config names it: its name, or its 0-based position where it has none."""


@dataclass(frozen=True)
class FileLayout:
    """How one file is laid out.

    Attributes:
      path: The file, as the user named it.
      format: Name of its format.
      format_by_ending: Whether ingest finds that format by the file's ending.
      header: Whether its first row names the columns.
      columns: Its columns in their order.
      width: Number of columns of a row; None where rows name their columns themselves.
    """

    path: Path
    format: str
    format_by_ending: bool
    header: bool
    columns: tuple[Column, ...]
    width: int | None

    def rows(self, columns: Sequence[Column]) -> Iterator[Row | Rejection]:
        """Yields every row as ingest reads it, its values keyed by `str(column)`, all of them text.

        A list or an object where a text should be is rejected.
        """
        source = SourceFile(
            split="",
            path=str(self.path.absolute()),
            name=self.path.name,
            format=self.format,
            gzipped=is_gzipped(self.path),
            num_bytes=self.path.stat().st_size,
            header=self.header,
            columns={str(column): self._place(column) for column in columns},
            width=self.width,
        )
        for row in create_format(self.format).read(Chunk(index=0, file=source)):
            yield row if isinstance(row, Rejection) else _flat(row)

    def flat_columns(self) -> tuple[Column, ...]:
        """Returns the columns with one value a row; JSON has lists and objects in others."""
        if self.width is not None:
            return self.columns
        return tuple(column for column in self.columns if not self._is_nested(column))

    def _is_nested(self, column: Column) -> bool:
        rows = islice(self.rows((column,)), HEAD_ROWS)
        return any(isinstance(row, Rejection) and row.reason == "invalid_value" for row in rows)

    def _place(self, column: Column) -> Column:
        return column if self.width is None else self.columns.index(column)


def _flat(row: Row) -> Row | Rejection:
    nested = [role for role, value in row.values.items() if not isinstance(value, str)]
    if not nested:
        return row
    message = f"{', '.join(nested)} must be text, a number or a boolean"
    return reject(row.line, "invalid_value", message, row.raw)


def detect_layout(path: Path, *, header: bool | None = None) -> FileLayout:
    """Finds out how a file is laid out from its beginning.

    Args:
      path: The file.
      header: Whether its first row names the columns; None: guessed.

    Raises:
      UserError: If it cannot be read, or is not of a kind that init sets up.
    """
    check_file(path)
    by_ending = format_of(path.name, Classification.formats)
    if by_ending is not None and not create_format(by_ending).text:
        return _named_by_rows(path, by_ending, by_ending)
    head = read_head(path)
    refuse_other_shapes(path, text_of(path, head))
    found = format_by_content(path, head, by_ending)
    source_format = create_format(found)
    if not isinstance(source_format, Delimited):
        return _named_by_rows(path, found, by_ending)
    records = list(islice(source_format.records(BytesIO(head)), HEAD_ROWS))
    return _named_by_header(path, found, by_ending, records, header)


def _named_by_rows(path: Path, found: str, by_ending: str | None) -> FileLayout:
    """Returns the layout of a file whose rows name their columns."""
    layout = create_format(found).inspect(str(path), gzipped=is_gzipped(path), header=True)
    if not layout.names:
        raise UserError(
            f"{path} has no row that can be read as {found}; check its first lines, or name it for "
            "what it is"
        )
    return FileLayout(path, found, found == by_ending, True, layout.names, None)


def _named_by_header(
    path: Path,
    found: str,
    by_ending: str | None,
    records: Sequence[Record | Rejection],
    header: bool | None,
) -> FileLayout:
    """Returns the layout of a file with columns in fixed positions."""
    fields = [record.fields for record in records if isinstance(record, Record)]
    if not fields:
        raise UserError(f"{path} has no row that can be read as {found}; {_message(records)}")
    widths = [len(row) for row in fields]
    width = max(set(widths), key=widths.count)
    first = fields[0] if isinstance(records[0], Record) else []
    if header is None:
        regular = len(first) == width
        header = regular and has_header([row for row in fields if len(row) == width])
    if header:
        width = len(first)  # as ingest has it
    if header and len(records) == 1:
        raise UserError(f"{path} has a header and no rows below it; give a file with rows")
    columns = tuple(_column(first if header else (), position) for position in range(width))
    return FileLayout(path, found, found == by_ending, header, columns, width)


def _column(names: Sequence[str], position: int) -> Column:
    """Returns the name of a column, or its position where that is blank or another's too."""
    named = bool(names) and bool(names[position].strip()) and names.count(names[position]) == 1
    return names[position] if named else position


def _message(records: Sequence[Record | Rejection]) -> str:
    rejection = next((record for record in records if isinstance(record, Rejection)), None)
    return f"line {rejection.line}: {rejection.message}" if rejection else "it is blank"
