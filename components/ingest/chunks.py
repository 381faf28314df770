"""Large files in parts that workers read independently."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from components.ingest.files import open_stored
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, SourceFile

CHUNK_BYTES = 16 << 20
"""About 150,000 sentences: seconds of work, so that workers stay busy and a retry costs little."""

_READ_AT_ONCE = 1 << 20


class _Part(NamedTuple):
    start: int
    end: int | None
    first_line: int


def plan_chunks(files: Sequence[SourceFile], chunk_bytes: int = CHUNK_BYTES) -> list[Chunk]:
    """Cuts `files` into chunks of about `chunk_bytes`, in the order of the files.

    A gzip file, and one whose rows span lines, is one chunk: it can only be read from the start.
    """
    chunks: list[Chunk] = []
    done = 0
    for file in files:
        splittable = (
            create_format(file.format).splittable
            and not file.gzipped
            and file.num_bytes > chunk_bytes
        )
        for start, end, line in (
            _parts(file.path, chunk_bytes) if splittable else [_Part(0, None, 1)]
        ):
            done += (file.num_bytes if end is None else end) - start
            chunks.append(Chunk(len(chunks), file, start, end, line, done))
    return chunks


def _parts(path: str, chunk_bytes: int) -> Iterator[_Part]:
    """Yields parts that end with a line.

    The lines are counted on the way: a worker does not see those before its own.
    """
    with open_stored(path) as stream:
        part_start, part_line, position, line = 0, 1, 0, 1
        while block := stream.read(min(_READ_AT_ONCE, chunk_bytes)):
            position += len(block)
            line += block.count(b"\n")
            if position - part_start < chunk_bytes:
                continue
            while block and not block.endswith(b"\n"):  # to the end of the line, which may be long
                block = stream.readline(_READ_AT_ONCE)
                position += len(block)
                line += block.endswith(b"\n")
            yield _Part(part_start, position, part_line)
            part_start, part_line = position, line
        if position > part_start:
            yield _Part(part_start, position, part_line)
