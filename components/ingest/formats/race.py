"""RACE as its authors publish it: articles, each with questions, their options, and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from components.ingest.files import open_content
from components.ingest.formats.base import (
    RAW_BYTES_KEPT,
    Chunk,
    Format,
    Layout,
    Rejection,
    Row,
    reject,
)
from components.ingest.formats.lines import MAX_LINE_BYTES, decode_line, read_lines
from models.tasks.base import RowValue
from schemas import features as keys

_ARTICLES_LOOKED_AT = 20
_LEVEL = re.compile(r"(?:^|/)(middle|high)")
_LISTS = {keys.QUESTION: "questions", keys.OPTIONS: "options", keys.ANSWER: "answers"}


class Race(Format):
    """A JSON object an article, in a file of its own or with others, one a line.

    An article has `article`, `questions`, `options` (a list for each question), `answers` (letters;
    needed where they are asked for) and `id`. Each question is a row; `line` counts the questions
    of the file. The level, middle or high, stands in the id (`high1.txt`) or in the path
    (`RACE/train/high/1.txt`).
    """

    endings = (".txt", ".race")

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        names = (keys.PASSAGE, keys.QUESTION, keys.OPTIONS, keys.ANSWER, keys.LEVEL, "id")
        with open_content(path, gzipped=gzipped) as stream:
            num_articles = sum(1 for _ in islice(_articles(stream), _ARTICLES_LOOKED_AT))
        return Layout(names, None, num_articles)

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        file, number = chunk.file, 0
        roles = {role: str(name) for role, name in file.columns.items()}
        answered = keys.ANSWER in roles.values()
        lists = {key: name for key, name in _LISTS.items() if answered or key != keys.ANSWER}
        with open_content(file.path, gzipped=file.gzipped) as stream:
            for text in _articles(stream):
                rows = _questions(text, lists, file.path, number + 1)
                for row in [rows] if isinstance(rows, Rejection) else rows:
                    number += 1
                    yield row if isinstance(row, Rejection) else _with_roles(row, roles)


def _articles(stream: BinaryIO) -> Iterator[str | Rejection]:
    """Yields the JSON of each article: a line, or the whole file that spreads one over lines."""
    for line in read_lines(stream):
        text = decode_line(line)
        if isinstance(text, str) and line.number == 1 and text.strip() in ("{", "["):
            rest = stream.read(MAX_LINE_BYTES).decode("utf-8", "replace")
            yield text + rest
            return
        if isinstance(text, Rejection) or text.strip():
            yield text


def _questions(
    text: str | Rejection, lists: Mapping[str, str], path: str, first: int
) -> list[Row] | Rejection:
    """Returns the questions of an article by the names of `Race`, numbered from `first` on."""
    if isinstance(text, Rejection):
        return text._replace(line=first)
    try:
        article = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        return _rejected(first, f"an article must be a JSON object; {error}", text)
    if problem := _problem(article, [*lists.values()]):
        return _rejected(first, problem, text)
    shared: dict[str, RowValue] = {keys.PASSAGE: article["article"]}
    if name := article.get("id"):
        shared["id"] = str(name)
    if found := _LEVEL.search(str(article.get("id", ""))) or _LEVEL.search(path):
        shared[keys.LEVEL] = found[1]
    rows = []
    for question in zip(*(article[name] for name in lists.values()), strict=True):
        own = dict(zip(lists, question, strict=True))
        raw = json.dumps(own | {"id": article.get("id")}, ensure_ascii=False)
        rows.append(Row(first + len(rows), shared | own, raw.encode("utf-8", "replace")))
    return rows


def _problem(article: Any, names: Sequence[str]) -> str:
    """Returns what keeps an article from being one with lists of these names; empty: nothing."""
    if not isinstance(article, dict):
        return f"an article must be a JSON object; received {type(article).__name__}"
    if not _is_text(article.get("article")):
        return f"an article must have a text `article`; received the keys {sorted(article)}"
    lists: list[Any] = [article.get(name) for name in names]
    if not all(isinstance(one, list) for one in lists):
        return f"an article must have the lists {', '.join(names)}; received {sorted(article)}"
    if len({len(one) for one in lists}) > 1:
        counts = ", ".join(f"{len(one)} {name}" for name, one in zip(names, lists, strict=True))
        return f"an article must have options and an answer for each question; received {counts}"
    questions, options, *answers = lists
    if not all(isinstance(one, list) for one in options) or not all(
        _is_text(text) for one in [questions, *options, *answers] for text in one
    ):
        return "questions, answers and options must be texts; received something else"
    return ""


def _is_text(value: Any) -> bool:
    """Returns whether a value is a text; half of a surrogate pair, which JSON escapes, is none."""
    if not isinstance(value, str):
        return False
    return value.isascii() or value.encode("utf-8", "replace").decode("utf-8") == value


def _rejected(line: int, message: str, text: str) -> Rejection:
    raw = text.encode("utf-8", "replace")
    return reject(line, "invalid_article", message, raw[:RAW_BYTES_KEPT], len(raw))


def _with_roles(row: Row, roles: Mapping[str, str]) -> Row:
    values = {role: row.values[name] for role, name in roles.items() if name in row.values}
    return row._replace(values=values)


FORMAT = Race
