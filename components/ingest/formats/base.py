"""The format contract: how a file becomes rows of text by role, or rejections."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from models.tasks.base import RowValue

RAW_BYTES_KEPT = 10_000
"""How much of a rejected row is kept; a row can be megabytes of garbage."""


class Row(NamedTuple):
    """A row that could be read.

    Attributes:
      line: 1-based line at which it starts (record number in a TFRecord, row in a Parquet file).
      values: Text by role; lists and objects of texts where the file nests them.
      raw: The row as it stands in the file.
      part: Number of the row among those that start at this line, from 0 on.
      id: Its name in the file, by which it is found sooner than by its line; empty: none.
    """

    line: int
    values: dict[str, RowValue]
    raw: bytes
    part: int = 0
    id: str = ""

    @property
    def place(self) -> str:
        """Where it stands in the file: its id, or line and which row of that if not the first.

        >>> Row(7, {}, b"").place, Row(7, {}, b"", part=2).place
        ('7', '7.2')
        """
        if self.id:
            return self.id
        return f"{self.line}.{self.part}" if self.part else str(self.line)

    def texts(self, role: str) -> Iterator[str]:
        """Yields every text of a role's value, however deep."""
        return _texts(self.values[role])


def _texts(value: RowValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    for item in value.values() if isinstance(value, dict) else value:
        yield from _texts(item)


class Rejection(NamedTuple):
    """A row that cannot be used, and why.

    Attributes:
      line: 1-based line at which it starts.
      reason: Short constant name of the broken rule, counted in the summary.
      message: The rule and what was received.
      raw: The first `RAW_BYTES_KEPT` bytes of the row or more.
      num_bytes: Size of the whole row.
      id: Its name, as of a `Row`; empty: none, or not known.
    """

    line: int
    reason: str
    message: str
    raw: bytes
    num_bytes: int
    id: str = ""


def reject(
    line: int, reason: str, message: str, raw: bytes, num_bytes: int | None = None
) -> Rejection:
    """Makes the rejection of a row; `raw` holds at least its first `RAW_BYTES_KEPT` bytes."""
    return Rejection(
        line, reason, message, raw[:RAW_BYTES_KEPT], len(raw) if num_bytes is None else num_bytes
    )


class Layout(NamedTuple):
    """What the beginning of a file shows of its columns.

    Attributes:
      names: Column names in their order; empty where the file names none.
      width: Number of columns of a row; None where rows name their columns themselves.
      num_rows: Rows seen in the beginning of the file, 0 for a file without rows.
    """

    names: tuple[str, ...]
    width: int | None
    num_rows: int


class SourceFile(BaseModel):
    """One input file with everything needed to read it.

    Attributes:
      split: Split that its rows belong to ("train" rows may still go to eval, by hash).
      path: Absolute path or URI.
      name: Shortest name that tells it from the other files; part of every row id.
      format: Name of its format.
      gzipped: Whether it is stored as gzip.
      num_bytes: Stored size.
      header: Whether its first row names the columns.
      columns: Position, or name where rows name their columns, of each role.
      width: Number of columns every row must have; None where rows name their columns.
      passage_length: Characters of a row where rows are cut from running text; None: a line each.
      comment_prefix: What lines that are no words begin with; None: nothing.
    """

    model_config = ConfigDict(frozen=True)

    split: str
    path: str
    name: str
    format: str
    gzipped: bool = False
    num_bytes: int = 0
    header: bool = True
    columns: Mapping[str, int | str]
    width: int | None = None
    passage_length: int | None = 600
    comment_prefix: str | None = None


@dataclass(frozen=True)
class Chunk:
    """A part of a file that one worker reads in one go: whole rows.

    Attributes:
      index: Position among all chunks; the number of the shard that it becomes.
      file: The file.
      start: Where it starts: a byte of a text file, a row group of a Parquet file.
      end: Where the next one starts, or None for the rest of the file.
      first_line: Line number at `start`.
      done_bytes: Stored bytes of all chunks up to the end of this one, to show progress by.
    """

    index: int
    file: SourceFile
    start: int = 0
    end: int | None = None
    first_line: int = 1
    done_bytes: int = 0


class Part(NamedTuple):
    """A part of one file, whole rows.

    Attributes:
      start: As in `Chunk`.
      end: As in `Chunk`.
      first_line: Line number at `start`.
      num_bytes: Stored size.
    """

    start: int
    end: int | None
    first_line: int
    num_bytes: int


class Format(ABC):
    """One file format; a module of this package with one subclass, named by the module's `FORMAT`.

    Attributes:
      endings: File endings, `.gz` set aside.
      by_position: Whether a column can be named by its position.
      splittable: Whether every newline ends a row, so that a large file can be read in parts.
      text: Whether the content is text, so that a binary file is a mistake.
    """

    endings: ClassVar[tuple[str, ...]]
    by_position: ClassVar[bool] = False
    splittable: ClassVar[bool] = False
    text: ClassVar[bool] = True

    @abstractmethod
    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        """Looks at the beginning of a file.

        Raises:
          UserError: If it is not of this format.
        """

    def parts(self, file: SourceFile, chunk_bytes: int) -> Iterator[Part]:
        """Yields the parts of a file, in order; its lines are no places to cut it at.

        Args:
          file: Not splittable, or small, or gzip.
          chunk_bytes: Size of a part, about.
        """
        del chunk_bytes
        yield Part(0, None, 1, file.num_bytes)

    @abstractmethod
    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        """Yields every row of a chunk in order; blank lines are no rows.

        Raises:
          UserError: If the file breaks off or is damaged beyond the row.
        """
