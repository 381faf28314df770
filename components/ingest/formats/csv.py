"""Comma-separated values (RFC 4180): quoted fields may hold commas, quotes and line ends."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from components.ingest.formats.base import Rejection, reject
from components.ingest.formats.delimited import Delimited, Record
from components.ingest.formats.lines import Line, decode_line, read_lines

MAX_RECORD_LINES = 1000
"""A record that goes on for longer has an open quote; what follows it is not swallowed."""


class Csv(Delimited):
    """One row a record, which spans lines where a quoted field does: not splittable."""

    endings = (".csv",)

    def records(
        self, stream: BinaryIO, *, first_line: int = 1, num_bytes: int | None = None
    ) -> Iterator[Record | Rejection]:
        lines = _Lines(read_lines(stream, first_line=first_line, num_bytes=num_bytes))
        reader = csv.reader(lines, strict=True)
        while True:
            lines.start_record()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except (csv.Error, _UnusableLineError) as error:
                yield lines.reject_first(str(error))
                continue
            if lines.trouble is not None:
                yield lines.reject_record(lines.trouble)
            elif fields:
                yield Record(lines.taken[0].number, fields, lines.raw)


class _UnusableLineError(Exception):
    """A line that a record cannot go on with."""


class _Lines:
    """The lines that csv.reader asks for, remembered a record long so that they can be given back.

    Attributes:
      taken: Lines of the current record.
      trouble: Why the current record cannot be used although its quotes are balanced.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._given_back: deque[Line] = deque()
        self.taken: list[Line] = []
        self.trouble: Rejection | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise _UnusableLineError(f"a quoted field must end within {MAX_RECORD_LINES} lines")
        line = self._given_back.popleft() if self._given_back else next(self._lines)
        self.taken.append(line)
        text = decode_line(line)
        if isinstance(text, str):
            return text + line.raw[len(line.raw.rstrip(b"\r\n")) :].decode()
        if line.too_long:
            raise _UnusableLineError("a quoted field must end before a line that is too long")
        self.trouble = self.trouble or text
        # Read on to find the end of the record; the csv module of Python 3.10 stops at a NUL.
        return line.raw.decode("utf-8", "replace").replace("\0", "\ufffd")

    @property
    def raw(self) -> bytes:
        """The current record as it stands in the file."""
        return (
            self.taken[0].raw if len(self.taken) == 1 else b"".join(line.raw for line in self.taken)
        )

    def start_record(self) -> None:
        """Forgets the record before."""
        self.taken.clear()
        self.trouble = None

    def reject_record(self, trouble: Rejection) -> Rejection:
        """Rejects the whole current record for the trouble in one of its lines."""
        return reject(self.taken[0].number, trouble.reason, trouble.message, self.raw)

    def reject_first(self, message: str) -> Rejection:
        """Rejects the first line of the record; the others are read again as rows of their own."""
        first, *others = self.taken
        self._given_back.extendleft(reversed(others))
        text = decode_line(first)
        if isinstance(text, Rejection):
            return text
        return reject(
            first.number, "malformed_csv", f"a row must be RFC 4180 CSV; {message}", first.raw
        )


FORMAT = Csv
