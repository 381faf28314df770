"""Plain text: documents between blank lines, read as passages of consecutive sentences or lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from components.ingest.files import open_content
from components.ingest.formats.base import (
    RAW_BYTES_KEPT,
    Chunk,
    Format,
    Layout,
    Rejection,
    Row,
)
from components.ingest.formats.lines import Line, decode_line, read_lines
from models.pretraining.sentences import split_sentences

_NAME = "text"
_LINES_LOOKED_AT = 100


class Text(Format):
    """Documents of one line or many; a line holds a sentence, or several.

    A row is a passage: as many whole sentences of one document as `passage_length` has room for, on
    a line each; a longer sentence is a passage of its own. A line that cannot be read is rejected,
    and ends the passage before it, whose sentences would no longer be consecutive. Without a
    `passage_length` each line is a row as it stands.
    """

    endings = (".txt", ".text")

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        with open_content(path, gzipped=gzipped) as stream:
            lines = islice(read_lines(stream), _LINES_LOOKED_AT)
            return Layout((_NAME,), None, sum(bool(line.raw.strip()) for line in lines))

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        length = chunk.file.passage_length
        roles = [role for role, column in chunk.file.columns.items() if column == _NAME]
        with open_content(chunk.file.path, gzipped=chunk.file.gzipped) as stream:
            lines = read_lines(stream)
            yield from _lines(lines, roles) if length is None else _passages(lines, roles, length)


def _lines(lines: Iterator[Line], roles: Sequence[str]) -> Iterator[Row | Rejection]:
    """Yields a row for each line that is not blank."""
    for line in lines:
        text = decode_line(line)
        if isinstance(text, Rejection):
            yield text
        elif text.strip():
            yield Row(line.number, dict.fromkeys(roles, text), line.raw)


def _passages(
    lines: Iterator[Line], roles: Sequence[str], length: int
) -> Iterator[Row | Rejection]:
    """Yields a row for each passage of `length` characters."""
    passage = _Passage(roles, length)
    for line in lines:
        text = decode_line(line)
        if isinstance(text, Rejection):
            yield from passage.finish()
            yield text
            continue
        sentences = split_sentences(text)
        if not sentences:
            yield from passage.finish()
        for sentence in sentences:
            yield from passage.add(sentence, line.number)
    yield from passage.finish()


class _Passage:
    """The sentences of the row that is being put together."""

    def __init__(self, roles: Sequence[str], length: int) -> None:
        self._length = length
        self._roles = roles
        self._sentences: list[str] = []
        self._num_characters = 0
        self._line = 0
        self._rows_of_line = 0

    def add(self, sentence: str, line: int) -> Iterator[Row]:
        """Takes a sentence, and yields the passage before it if that is full."""
        if self._num_characters + len(sentence) > self._length:
            yield from self.finish()
        if not self._sentences:
            self._rows_of_line = self._rows_of_line + 1 if line == self._line else 0
            self._line = line
        self._sentences.append(sentence)
        self._num_characters += len(sentence) + 1

    def finish(self) -> Iterator[Row]:
        """Yields the passage, if there is any, and begins another."""
        if not self._sentences:
            return
        text = "\n".join(self._sentences)
        self._sentences, self._num_characters = [], 0
        raw = text.encode("utf-8")[:RAW_BYTES_KEPT]
        yield Row(self._line, dict.fromkeys(self._roles, text), raw, self._rows_of_line)


FORMAT = Text
