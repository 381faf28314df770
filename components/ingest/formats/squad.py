"""SQuAD 1.1 and 2.0: one JSON object of articles, paragraphs, and questions with answers."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from components.ingest.files import open_content
from components.ingest.formats.base import Chunk, Format, Layout, Rejection, Row, reject
from components.ingest.formats.json_stream import read_array
from components.ingest.formats.jsonl import as_texts

_NAMES = ("question", "context", "answers", "is_impossible", "title")
_ROWS_LOOKED_AT = 100


class Squad(Format):
    """One question a row, with its context; read article by article.

    The line of a row is the number of the question in the file, and its id the question's own.
    `plausible_answers` are left out: they are wrong ones.
    """

    endings = (".json",)

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        with open_content(path, gzipped=gzipped) as stream:
            articles = read_array(stream, "data", path)
            rows = sum(1 for _ in islice(_questions(articles), _ROWS_LOOKED_AT))
        return Layout(_NAMES, None, rows)

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        names = {role: str(name) for role, name in chunk.file.columns.items()}
        with open_content(chunk.file.path, gzipped=chunk.file.gzipped) as stream:
            articles = read_array(stream, "data", chunk.file.path)
            for number, fields in enumerate(_questions(articles), start=1):
                yield _row(number, fields, names)


def _questions(articles: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Yields the fields of every question; what is not built as it should be has none."""
    for article in articles:
        for paragraph in _objects(article, "paragraphs"):
            for question in _objects(paragraph, "qas"):
                yield question | {
                    "context": paragraph.get("context"),
                    "title": article.get("title"),
                }


def _objects(parent: Any, name: str) -> list[dict[str, Any]]:
    """Returns the objects of a list; in the place of what is none an empty one."""
    items = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(items, list):
        return []
    return [item if isinstance(item, dict) else {} for item in items]


def _row(number: int, fields: dict[str, Any], names: dict[str, str]) -> Row | Rejection:
    raw = json.dumps(fields).encode()
    try:
        values = {
            role: as_texts(fields[name])
            for role, name in names.items()
            if fields.get(name) is not None
        }
        name = str(as_texts(fields.get("id") or ""))
    except UnicodeEncodeError:  # JSON can escape half of a surrogate pair
        message = f"question {number} must be valid Unicode; received a lone surrogate"
        return reject(number, "invalid_utf8", message, raw)
    return Row(number, values, raw, id=name)


FORMAT = Squad
