"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from components.ingest.files import open_content
from components.ingest.formats.base import Chunk, Format, Layout, Rejection, Row, reject
from components.ingest.formats.lines import decode_line, read_lines
from models.tasks.base import RowValue
from schemas.errors import UserError

_ROWS_LOOKED_AT = 100


class Jsonl(Format):
    """One object a line, of text, numbers (as written), booleans, and lists and objects of them.

    What is null is left out.
    """

    endings = (".jsonl", ".ndjson", ".json")
    splittable = True

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        names: dict[str, None] = {}
        num_rows = 0
        with open_content(path, gzipped=gzipped) as stream:
            for line in islice(read_lines(stream), _ROWS_LOOKED_AT):
                if line.number == 1 and line.raw.lstrip().startswith(b"["):
                    raise UserError(
                        f"{path} is one JSON array, not an object a line; "
                        "convert it: jq -c '.[]' FILE > FILE.jsonl"
                    )
                if not line.raw.strip():
                    continue
                num_rows += 1
                parsed = parse_object(line.number, line.raw, decode_line(line))
                names |= {} if isinstance(parsed, Rejection) else dict.fromkeys(parsed)
        return Layout(tuple(names), None, num_rows)

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        keys = [(role, str(key)) for role, key in chunk.file.columns.items()]
        with open_content(chunk.file.path, gzipped=chunk.file.gzipped, start=chunk.start) as stream:
            num_bytes = None if chunk.end is None else chunk.end - stream.tell()
            for line in read_lines(stream, first_line=chunk.first_line, num_bytes=num_bytes):
                text = decode_line(line)
                if isinstance(text, str) and not text.strip():
                    continue
                parsed = parse_object(line.number, line.raw, text)
                yield (
                    parsed
                    if isinstance(parsed, Rejection)
                    else row_of_object(line.number, line.raw, parsed, keys)
                )


def parse_object(number: int, raw: bytes, text: str | Rejection) -> dict[str, Any] | Rejection:
    """Returns the object on a line; its numbers stay text, so that 1.50 is not turned into 1.5."""
    if isinstance(text, Rejection):
        return text
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (json.JSONDecodeError, RecursionError) as error:
        return reject(number, "invalid_json", f"a line must be a JSON object; {error}", raw)
    if not isinstance(value, dict):
        return reject(
            number,
            "invalid_json",
            f"a line must be a JSON object; received {type(value).__name__}",
            raw,
        )
    return value


def row_of_object(
    number: int, raw: bytes, value: dict[str, Any], keys: list[tuple[str, str]]
) -> Row | Rejection:
    """Returns the values of the roles; the task says which of them may be without one."""
    values: dict[str, RowValue] = {}
    for role, key in keys:
        if value.get(key) is None:
            continue
        try:
            values[role] = as_texts(value[key])
        except UnicodeEncodeError:  # JSON can escape half of a surrogate pair
            message = f"{key} must be valid Unicode; received a lone surrogate"
            return reject(number, "invalid_utf8", message, raw)
    return Row(number, values, raw)


def as_texts(value: Any) -> RowValue:
    """Returns a value of JSON with text in the place of booleans, and without nulls.

    Raises:
      UnicodeEncodeError: If a text holds half of a surrogate pair.
    """
    if isinstance(value, list):
        return [as_texts(item) for item in value if item is not None]
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items() if item is not None}
    if isinstance(value, bool):
        return "true" if value else "false"
    value.encode("utf-8")
    return value


FORMAT = Jsonl
