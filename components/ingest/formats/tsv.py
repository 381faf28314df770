"""Tab-separated values as GLUE has them: a quote is a character like any other."""

from collections.abc import Iterator
from typing import BinaryIO

from components.ingest.formats.base import Rejection
from components.ingest.formats.delimited import Delimited, Record
from components.ingest.formats.lines import decode_line, read_lines


class Tsv(Delimited):
    """One row a line, columns between tabs, no quoting and no escapes."""

    endings = (".tsv",)
    splittable = True

    def records(
        self, stream: BinaryIO, *, first_line: int = 1, num_bytes: int | None = None
    ) -> Iterator[Record | Rejection]:
        for line in read_lines(stream, first_line=first_line, num_bytes=num_bytes):
            text = decode_line(line)
            if isinstance(text, Rejection):
                yield text
            elif text:
                yield Record(line.number, text.split("\t"), line.raw)


FORMAT = Tsv
