"""Parquet files: columns by name, read a row group at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from components.ingest.files import open_stored
from components.ingest.formats.base import (
    Chunk,
    Format,
    Layout,
    Part,
    Rejection,
    Row,
    SourceFile,
    reject,
)
from schemas.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROWS_AT_ONCE = 1024
_BUFFER_BYTES = 1 << 20
"""Read ahead in each column, so that a row group is never in memory as a whole."""


class Parquet(Format):
    """One row a row; numbers, booleans and times become text, lists and structs stay nested.

    What is null is left out. Compressed within, so never gzip as a whole.
    """

    endings = (".parquet", ".pq")
    text = False

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        if gzipped:
            raise UserError(
                f"{path}: a Parquet file is compressed within and must not be gzip; unpack it"
            )
        with _opened(path) as file:
            names = tuple(file.schema_arrow.names)
            num_rows = file.metadata.num_rows
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise UserError(
                f"{path}: column names must differ; received {repeated} more than once; "
                "write the file again with other names"
            )
        return Layout(names, None, num_rows)

    def parts(self, file: SourceFile, chunk_bytes: int) -> Iterator[Part]:
        """Yields runs of row groups: the places at which the file can be read from."""
        with _opened(file.path) as opened:
            metadata = opened.metadata
            groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        start, first_row, num_bytes, left = 0, 1, 0, file.num_bytes
        num_rows = 0
        for index, group in enumerate(groups):
            num_rows += group.num_rows
            num_bytes += _stored_bytes(group)
            if num_bytes >= chunk_bytes and index + 1 < len(groups):
                yield Part(start, index + 1, first_row, num_bytes)
                start, first_row, left, num_bytes = index + 1, num_rows + 1, left - num_bytes, 0
        yield Part(start, None, first_row, left)

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        names = {role: str(name) for role, name in chunk.file.columns.items()}
        number = chunk.first_line
        with _opened(chunk.file.path) as file:
            end = file.metadata.num_row_groups if chunk.end is None else chunk.end
            for batch in file.iter_batches(
                _ROWS_AT_ONCE,
                row_groups=list(range(chunk.start, end)),
                columns=list(dict.fromkeys(names.values())),
                use_threads=False,
            ):
                columns = {role: _as_cells(batch.column(name)) for role, name in names.items()}
                for index in range(batch.num_rows):
                    cells = {role: column[index] for role, column in columns.items()}
                    yield _row(number, cells, names)
                    number += 1


@contextmanager
def _opened(path: str) -> Iterator[pq.ParquetFile]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_stored(path) as stream:
        try:
            yield pq.ParquetFile(stream, buffer_size=_BUFFER_BYTES)
        except (pa.ArrowException, OSError) as error:
            raise UserError(
                f"{path} is damaged or no Parquet file ({error}); check ingest.format, "
                "or write the file again"
            ) from error


def _stored_bytes(group: pq.RowGroupMetaData) -> int:
    return sum(group.column(index).total_compressed_size for index in range(group.num_columns))


def _as_cells(column: pa.Array) -> list[Any]:
    """Returns the values of a column: texts as bytes, whose encoding nobody has checked yet."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type):
        return list(column)
    if pa.types.is_duration(column.type):  # Arrow would write a number without its unit
        return _as_python_writes(column)
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        try:
            # Arrow writes a 32-bit 3.8 as "3.8", Python as 3.799999952316284.
            column = column.cast(pa.string())
        except pa.ArrowNotImplementedError:  # half floats, intervals; in Arrow 10 decimals too
            return _as_python_writes(column)
    return column.cast(pa.binary()).to_pylist()


def _as_python_writes(column: pa.Array) -> list[bytes | None]:
    return [None if item is None else str(item).encode() for item in column.to_pylist()]


def _row(number: int, cells: Mapping[str, Any], names: Mapping[str, str]) -> Row | Rejection:
    """Returns the values of the roles; the task says which of them may be without one."""
    values: dict[str, Any] = {}
    for role, cell in cells.items():
        try:
            value = _as_value(cell)
        except UnicodeDecodeError as error:
            raw = json.dumps(values, ensure_ascii=False).encode()
            message = f"{names[role]} must be valid UTF-8; {error.reason}"
            return reject(number, "invalid_utf8", message, raw)
        if value is not None:
            values[role] = value
    return Row(number, values, json.dumps(values, ensure_ascii=False).encode())


def _as_value(cell: Any) -> Any:
    """Returns a cell as text, or as lists and objects of texts without nulls.

    Raises:
      UnicodeDecodeError: If a text is not UTF-8.
    """
    if isinstance(cell, bytes):
        return cell.decode()
    return None if cell is None else _as_texts(cell.as_py())


def _as_texts(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_texts(item) for item in value if item is not None]
    if isinstance(value, dict):
        return {key: _as_texts(item) for key, item in value.items() if item is not None}
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode() if isinstance(value, bytes) else value if value is None else str(value)


FORMAT = Parquet
