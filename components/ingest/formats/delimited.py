"""What TSV and CSV have in common: columns in fixed positions, and perhaps a header."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from components.ingest.files import open_content
from components.ingest.formats.base import Chunk, Format, Layout, Rejection, Row, reject
from schemas.errors import UserError

_ROWS_LOOKED_AT = 100


class Record(NamedTuple):
    """The fields of one row.

    Attributes:
      line: 1-based line at which it starts.
      fields: Text of each column.
      raw: The row as it stands in the file.
    """

    line: int
    fields: list[str]
    raw: bytes


class Delimited(Format):
    """A text format with columns in fixed positions."""

    by_position = True

    @abstractmethod
    def records(
        self, stream: BinaryIO, *, first_line: int = 1, num_bytes: int | None = None
    ) -> Iterator[Record | Rejection]:
        """Yields the records from where `stream` stands."""

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        with open_content(path, gzipped=gzipped) as stream:
            head = list(islice(self.records(stream), _ROWS_LOOKED_AT + header))
        if header and head and isinstance(head[0], Rejection):
            raise UserError(
                f"{path}: the header cannot be read; {head[0].message}; save the file as UTF-8 text"
            )
        records = [record for record in head if isinstance(record, Record)]
        if not head:
            return Layout((), 0, 0)
        if not records:
            first = next(record for record in head if isinstance(record, Rejection))
            raise UserError(
                f"{path}: none of its first {len(head)} rows can be read; {first.message}"
            )
        if header:
            return Layout(tuple(records[0].fields), len(records[0].fields), len(head) - 1)
        # The width of most rows: the first may be the malformed one.
        widths = Counter(len(record.fields) for record in records)
        return Layout((), widths.most_common(1)[0][0], len(head))

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        width = chunk.file.width
        positions = [(role, int(position)) for role, position in chunk.file.columns.items()]
        with open_content(chunk.file.path, gzipped=chunk.file.gzipped, start=chunk.start) as stream:
            num_bytes = None if chunk.end is None else chunk.end - stream.tell()
            records = self.records(stream, first_line=chunk.first_line, num_bytes=num_bytes)
            if chunk.file.header and chunk.start == 0:
                next(records, None)
            for record in records:
                if isinstance(record, Rejection):
                    yield record
                elif len(record.fields) != width:
                    message = f"a row must have {width} columns; received {len(record.fields)}"
                    yield reject(record.line, "column_count", message, record.raw)
                else:
                    yield Row(
                        record.line, {role: record.fields[at] for role, at in positions}, record.raw
                    )
