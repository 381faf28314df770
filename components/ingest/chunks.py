"""Large files in parts that workers read independently."""

from collections.abc import Iterator, Sequence

from components.ingest.files import open_stored
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, Part, SourceFile

CHUNK_BYTES = 16 << 20
"""About 150,000 sentences: seconds of work, so that workers stay busy and a retry costs little."""

_READ_AT_ONCE = 1 << 20


def plan_chunks(files: Sequence[SourceFile], chunk_bytes: int = CHUNK_BYTES) -> list[Chunk]:
    """Cuts `files` into chunks of about `chunk_bytes`, in the order of the files.

    A gzip file, and one whose rows span lines, is one chunk: it can only be read from the start.
    """
    chunks: list[Chunk] = []
    done = 0
    for file in files:
        for part in _parts(file, chunk_bytes):
            done += part.num_bytes
            chunks.append(Chunk(len(chunks), file, part.start, part.end, part.first_line, done))
    return chunks


def _parts(file: SourceFile, chunk_bytes: int) -> Iterator[Part]:
    source_format = create_format(file.format)
    if source_format.splittable and not file.gzipped and file.num_bytes > chunk_bytes:
        return _parts_of_lines(file.path, chunk_bytes)
    return source_format.parts(file, chunk_bytes)


def _parts_of_lines(path: str, chunk_bytes: int) -> Iterator[Part]:
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
            yield Part(part_start, position, part_line, position - part_start)
            part_start, part_line = position, line
        if position > part_start:
            yield Part(part_start, position, part_line, position - part_start)
