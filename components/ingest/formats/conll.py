"""CoNLL: a word with its columns on each line, sentences between blank lines."""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from components.ingest.files import open_content, open_stored
from components.ingest.formats.base import (
    RAW_BYTES_KEPT,
    Chunk,
    Format,
    Layout,
    Part,
    Rejection,
    Row,
    SourceFile,
    reject,
)
from components.ingest.formats.lines import (
    MAX_LINE_BYTES,
    Line,
    decode_line,
    parts_of_lines,
    read_lines,
)
from schemas.errors import UserError
from schemas.features import TAGS, WORDS

_SENTENCES_LOOKED_AT = 100
_DOCUMENT_START = b"-DOCSTART-"


class _Sentence(NamedTuple):
    """The lines of a sentence.

    Attributes:
      line: Number of its first line.
      lines: All of them, or the first where together they are too long.
      num_bytes: Size of all of them.
    """

    line: int
    lines: list[Line]
    num_bytes: int

    @property
    def raw(self) -> bytes:
        return b"".join(line.raw for line in self.lines)


class Conll(Format):
    """One sentence a row; columns between tabs, or where a line has none, between spaces.

    The first column has the words and the last the tags, unless `ingest.columns` says otherwise.
    A line that starts with -DOCSTART- ends a sentence as a blank one does. One that starts with
    `ingest.comment_prefix` is skipped.
    """

    endings = (".conll", ".iob", ".iob2", ".bio")
    by_position = True

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        with open_content(path, gzipped=gzipped) as stream:
            sentences = list(islice(_sentences(read_lines(stream)), _SENTENCES_LOOKED_AT))
        readable = [words for words in map(_columns, sentences) if not isinstance(words, Rejection)]
        lines = [columns for words in readable for columns in words]
        # Comments have any width; whether a line is one, the config says later.
        votes = [columns for columns in lines if not columns[0].startswith("#")] or lines
        widths = Counter(map(len, votes))
        if sentences and not widths:
            raise UserError(
                f"{path}: none of its first {len(sentences)} sentences can be read; save the file "
                "as UTF-8 text, a word with its columns on each line"
            )
        width = widths.most_common(1)[0][0] if widths else 0
        middle = (f"column_{position}" for position in range(1, width - 1))
        names = (WORDS, *middle, *([TAGS] if width > 1 else []))
        return Layout(names if width else (), width, len(sentences))

    def parts(self, file: SourceFile, chunk_bytes: int) -> Iterator[Part]:
        """Yields parts that end with a blank line, of what is not gzip."""
        if file.gzipped or file.num_bytes <= chunk_bytes:
            yield from super().parts(file, chunk_bytes)
            return
        with open_stored(file.path) as stream:
            yield from parts_of_lines(stream, chunk_bytes, is_end=_is_blank)

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        file = chunk.file
        with open_content(file.path, gzipped=file.gzipped, start=chunk.start) as stream:
            num_bytes = None if chunk.end is None else chunk.end - stream.tell()
            lines = read_lines(stream, first_line=chunk.first_line, num_bytes=num_bytes)
            for sentence in _sentences(lines, file.comment_prefix):
                yield _row(sentence, file)


def _is_blank(line: bytes) -> bool:
    r"""Returns whether a line has no word; a byte order mark, left by joined files, is none.

    >>> _is_blank(b" \t\r\n"), _is_blank("\ufeff\n".encode()), _is_blank(b"a")
    (True, True, False)
    """
    return not line.replace(BOM_UTF8, b"").strip()


def _sentences(lines: Iterator[Line], comment_prefix: str | None = None) -> Iterator[_Sentence]:
    """Yields the sentences; of one that is too long only the beginning is kept in memory."""
    comment = None if comment_prefix is None else comment_prefix.encode()
    kept: list[Line] = []
    start = num_bytes = 0
    for line in lines:
        if comment is not None and line.raw.startswith(comment):
            continue
        if not _is_blank(line.raw) and not line.raw.startswith(_DOCUMENT_START):
            start = start or line.number
            num_bytes += line.num_bytes
            if num_bytes <= MAX_LINE_BYTES or not kept:
                kept.append(line)
        elif start:
            yield _Sentence(start, kept, num_bytes)
            kept, start, num_bytes = [], 0, 0
    if start:
        yield _Sentence(start, kept, num_bytes)


def _columns(sentence: _Sentence) -> list[list[str]] | Rejection:
    """Returns the columns of each word, or why the sentence cannot be read."""
    if sentence.num_bytes > MAX_LINE_BYTES:
        message = (
            f"a sentence must not be longer than {MAX_LINE_BYTES} bytes; received "
            f"{sentence.num_bytes}; put a blank line between sentences"
        )
        raw = sentence.raw[:RAW_BYTES_KEPT]
        return reject(sentence.line, "line_too_long", message, raw, sentence.num_bytes)
    words = []
    for line in sentence.lines:
        text = decode_line(line)
        if isinstance(text, Rejection):
            return text._replace(line=sentence.line)
        words.append(_split(text))
    return words


def _split(text: str) -> list[str]:
    if "\t" in text:
        return text.split("\t")
    return [column for column in text.split(" ") if column]


def _row(sentence: _Sentence, file: SourceFile) -> Row | Rejection:
    words = _columns(sentence)
    if isinstance(words, Rejection):
        return words
    for place, columns in enumerate(words):
        if len(columns) != file.width:
            message = (
                f"a word must have {file.width} columns; received {len(columns)} in line "
                f"{sentence.lines[place].number}"
            )
            return reject(sentence.line, "column_count", message, sentence.raw)
    return Row(
        sentence.line,
        {role: [columns[int(at)] for columns in words] for role, at in file.columns.items()},
        sentence.raw,
    )


FORMAT = Conll
