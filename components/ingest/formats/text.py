"""Plain text: documents between blank lines, read as passages of consecutive sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from components.ingest.files import open_content
from components.ingest.formats.base import (
    RAW_BYTES_KEPT,
    Chunk,
    Format,
    Layout,
    Rejection,
    Row,
    SourceFile,
)
from components.ingest.formats.lines import decode_line, read_lines
from models.pretraining.sentences import split_sentences

_NAME = "text"
_LINES_LOOKED_AT = 100


class Text(Format):
    """Documents of one line or many; a line holds a sentence, or several.

    A row is a passage: as many whole sentences of one document as `passage_length` has room for, on
    a line each; a longer sentence is a passage of its own. A line that cannot be read is rejected,
    and ends the passage before it, whose sentences would no longer be consecutive.
    """

    endings = (".txt", ".text")

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        with open_content(path, gzipped=gzipped) as stream:
            lines = islice(read_lines(stream), _LINES_LOOKED_AT)
            return Layout((_NAME,), None, sum(bool(line.raw.strip()) for line in lines))

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        passage = _Passage(chunk.file)
        with open_content(chunk.file.path, gzipped=chunk.file.gzipped) as stream:
            for line in read_lines(stream):
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

    def __init__(self, file: SourceFile) -> None:
        self._length = file.passage_length
        self._roles = [role for role, column in file.columns.items() if column == _NAME]
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
