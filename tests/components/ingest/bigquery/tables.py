"""Tables as BigQuery keeps them: a schema, rows, and both as REST and Avro have them."""

import datetime
import decimal
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import fastavro

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}
AVRO_TYPES = {
    "STRING": "string",
    "BYTES": "bytes",
    "INTEGER": "long",
    "FLOAT": "double",
    "BOOLEAN": "boolean",
    "NUMERIC": DECIMAL,
    "DATE": {"type": "int", "logicalType": "date"},
    "TIMESTAMP": {"type": "long", "logicalType": "timestamp-micros"},
    "DATETIME": {"type": "string", "logicalType": "datetime"},
}


@dataclass(frozen=True)
class Column:
    """A column: `[]` after its type repeats it, columns below make it a STRUCT."""

    name: str
    type: str = "STRING"
    columns: Sequence["Column"] = ()

    @property
    def is_repeated(self):
        return self.type.endswith("[]")

    @property
    def plain_type(self):
        return "RECORD" if self.columns else self.type.removesuffix("[]")

    def as_rest(self) -> dict[str, Any]:
        shown = {
            "name": self.name,
            "type": self.plain_type,
            "mode": "REPEATED" if self.is_repeated else "NULLABLE",
        }
        return shown | ({"fields": [c.as_rest() for c in self.columns]} if self.columns else {})

    def as_avro(self, path: str) -> dict[str, Any]:
        inner = (
            avro_record(f"{path}_{self.name}", self.columns)
            if self.columns
            else AVRO_TYPES[self.plain_type]
        )
        whole = {"type": "array", "items": inner} if self.is_repeated else ["null", inner]
        return {"name": self.name, "type": whole}


def avro_record(name: str, columns: Sequence[Column]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [c.as_avro(name) for c in columns]}


@dataclass
class Table:
    """A table, or the result of a query."""

    columns: Sequence[Column]
    rows: list[dict[str, Any]]
    modified: int = 1_764_000_000_000
    kind: str = "TABLE"
    streams: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    def as_rest(self) -> dict[str, Any]:
        shown = {
            "schema": {"fields": [column.as_rest() for column in self.columns]},
            "lastModifiedTime": str(self.modified),
            "numBytes": "1000",
            "numRows": str(len(self.rows)),
            "location": "EU",
            "type": self.kind,
        }
        buffer = {"estimatedRows": "1", "estimatedBytes": "1", "oldestEntryTime": "1764000000000"}
        return shown | ({"streamingBuffer": buffer} if self.streams else {})

    def cells(self) -> list[dict[str, Any]]:
        return [
            {"f": [{"v": _cell(row.get(column.name))} for column in self.columns]}
            for row in self.rows
        ]

    @property
    def avro_schema(self) -> dict[str, Any]:
        return avro_record("row", self.columns)

    def avro_rows(self, rows: Sequence[dict[str, Any]]) -> bytes:
        parsed, stream = fastavro.parse_schema(self.avro_schema), io.BytesIO()
        for row in rows:
            fastavro.schemaless_writer(stream, parsed, self._filled(row))
        return stream.getvalue()

    def avro_file(self) -> bytes:
        stream = io.BytesIO()
        rows = [self._filled(row) for row in self.rows]
        fastavro.writer(stream, fastavro.parse_schema(self.avro_schema), rows)
        return stream.getvalue()

    def _filled(self, row: dict[str, Any]) -> dict[str, Any]:
        return {c.name: row.get(c.name, [] if c.is_repeated else None) for c in self.columns}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime.date | decimal.Decimal | int | float):
        return str(value)
    return value


def texts(rows: Sequence[tuple[Any, Any]], **more: Any) -> Table:
    """Returns a table of texts and labels."""
    found = [{"text": text, "label": label} for text, label in rows]
    return Table([Column("text"), Column("label")], found, **more)
