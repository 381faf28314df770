"""A row of BigQuery becomes a line of JSON, which is read as a line of a JSON Lines file is."""

from __future__ import annotations

import datetime
import decimal
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.ingest.formats.base import Rejection, Row
from components.ingest.formats.jsonl import parse_object, row_of_object

_ID_BYTES = 8
"""Of a hash: among a million rows, two of the same id come up once in 37 million runs."""


def pack_row(row: Mapping[str, Any], num_shards: int) -> tuple[int, bytes]:
    """Returns the shard of a row, and the row behind a hash of it, by which a shard is sorted.

    The same row gives the same bytes in whatever order and from whatever stream it comes.

    Args:
      row: As Beam reads it: by column, with values of Python.
      num_shards: How many there are.
    """
    line = as_json_line(row)
    digest = hashlib.blake2b(line, digest_size=_ID_BYTES).digest()
    return int.from_bytes(digest[:4], "big") % num_shards, digest + line


def as_json_line(row: Mapping[str, Any]) -> bytes:
    """Returns a row as JSON with sorted keys; bytes that are no UTF-8 become lone surrogates.

    >>> as_json_line({"text": b"a film", "label": None, "price": decimal.Decimal("1.500000000")})
    b'{"label": null, "price": "1.5", "text": "a film"}'
    """
    text = json.dumps(row, default=_as_text, ensure_ascii=False, sort_keys=True)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(row, default=_as_text, sort_keys=True).encode()


def _as_text(value: Any) -> str:
    """Returns a value as BigQuery writes it, where JSON has no such type."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, decimal.Decimal):
        digits = f"{value:f}"  # `normalize` would round to 28 digits; BIGNUMERIC has 76
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    return str(value)


def read_rows(
    packed: Iterable[bytes], columns: Mapping[str, int | str], id_column: str | None
) -> Iterator[Row | Rejection]:
    """Yields the rows of a shard in the order of their hashes, which is that of every run.

    Args:
      packed: Rows as `pack_row` leaves them, in any order.
      columns: Column of each role.
      id_column: Column that names a row; without one, or where it is null, a row is named by its
        hash, and the repeats of one that is the same throughout are numbered.
    """
    keys = [(role, str(column)) for role, column in columns.items()]
    before, repeats = b"", 0
    for number, item in enumerate(sorted(packed), start=1):
        repeats = repeats + 1 if item == before else 0
        before = item
        line = item[_ID_BYTES:]
        parsed = parse_object(number, line, line.decode())
        if isinstance(parsed, Rejection):
            yield parsed
            continue
        name = None if id_column is None else parsed.get(id_column)
        if name is None:
            name = item[:_ID_BYTES].hex() + (f".{repeats}" if repeats else "")
        row = row_of_object(number, line, parsed, keys)
        yield row._replace(id=_printable(name))


def _printable(name: Any) -> str:
    text = name if isinstance(name, str) else json.dumps(name)
    return text.encode("utf-8", "backslashreplace").decode()
