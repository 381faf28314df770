"""Large files, and the rows of queries, in parts that workers read independently."""

from collections.abc import Iterator, Sequence

from components.ingest.bigquery.queries import QuerySource
from components.ingest.files import open_stored
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, Part, SourceFile
from components.ingest.formats.lines import parts_of_lines

CHUNK_BYTES = 16 << 20
"""About 150,000 sentences: seconds of work, so that workers stay busy and a retry costs little."""


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


def plan_shards(
    queries: Sequence[QuerySource], num_shards: int, before: Sequence[Chunk]
) -> list[Chunk]:
    """Divides the rows of each query into `num_shards` chunks, numbered on from those `before`.

    How many bytes a shard has nobody knows beforehand: it counts as a large chunk of a file does.
    """
    done = before[-1].done_bytes if before else 0
    chunks: list[Chunk] = []
    for query in queries:
        for shard in range(num_shards):
            done += CHUNK_BYTES
            index = len(before) + len(chunks)
            chunks.append(Chunk(index, query.source, start=shard, done_bytes=done))
    return chunks


def _parts(file: SourceFile, chunk_bytes: int) -> Iterator[Part]:
    source_format = create_format(file.format)
    if source_format.splittable and not file.gzipped and file.num_bytes > chunk_bytes:
        with open_stored(file.path) as stream:
            yield from parts_of_lines(stream, chunk_bytes)
    else:
        yield from source_format.parts(file, chunk_bytes)
