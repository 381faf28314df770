"""One chunk of a file or of a query's rows, read row by row into its shards."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from components.ingest.bigquery.rows import read_rows
from components.ingest.encode import EncodedRow, RowEncoder
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, Rejection, Row
from components.ingest.places import write_ids
from components.ingest.plan import IngestPlan
from components.ingest.repeats import SPLITS, pack_records
from components.ingest.shards import RecordShard, RejectedRows
from components.ingest.summary import Counts, RowExample
from models.tasks.base import Task
from schemas.errors import UserError

_PACKED_AT_ONCE = 65_536
_TEXT_SHOWN = 200


def read_chunk(
    chunk: Chunk, plan: IngestPlan, task: Task, counts: Counts
) -> Iterator[tuple[int, bytes]]:
    """Writes the examples and rejected rows of a part of a file, and counts them.

    Args:
      chunk: What to read.
      plan: Where to write, and the rules.
      task: The task of `plan`.
      counts: Receives the counts.

    Yields:
      (bucket, packed records) of the accepted rows.
    """
    rows = create_format(chunk.file.format).read(chunk)
    yield from _write_chunk(chunk, rows, plan, task, counts)


def read_shard(
    chunk: Chunk, packed: Iterable[bytes], plan: IngestPlan, task: Task, counts: Counts
) -> Iterator[tuple[int, bytes]]:
    """Does for the rows of a query, in any order, what `read_chunk` does for those of a file."""
    ids: list[str] = []

    def named() -> Iterator[Row | Rejection]:
        for row in read_rows(packed, chunk.file.columns, plan.config.bigquery.id_column):
            ids.append(row.id)
            yield row

    yield from _write_chunk(chunk, named(), plan, task, counts)
    write_ids(plan.ids_path(chunk.index), ids)


def _write_chunk(
    chunk: Chunk, rows: Iterable[Row | Rejection], plan: IngestPlan, task: Task, counts: Counts
) -> Iterator[tuple[int, bytes]]:
    encoder = RowEncoder(chunk.file, plan.config, task)
    with ExitStack() as files:
        writer = _ChunkWriter(chunk, plan, counts, files)
        try:
            for row in rows:
                result = row if isinstance(row, Rejection) else encoder.encode(row)
                if isinstance(result, Rejection):
                    writer.reject(result)
                else:
                    writer.accept(result)
                    if len(writer.records) >= _PACKED_AT_ONCE:
                        yield from writer.packed_records()
        except UserError as error:
            # Reported when all is read: raised here, a runner would retry and bury it.
            counts.failures.append(str(error))
    yield from writer.packed_records()


class _ChunkWriter:
    """The output files of one chunk.

    Attributes:
      records: Accepted rows, as `pack_records` takes them, not yet packed.
    """

    def __init__(self, chunk: Chunk, plan: IngestPlan, counts: Counts, files: ExitStack) -> None:
        self._chunk = chunk
        self._counts = counts
        self._shards = {
            split: files.enter_context(
                RecordShard(plan.written_path(split, chunk.index), plan.staging_uri)
            )
            for split in plan.splits_of(chunk)
        }
        self._rejected = files.enter_context(
            RejectedRows(plan.rejected_path(chunk.index), plan.staging_uri)
        )
        self.records: list[tuple[int, int, int, int, int, int]] = []

    def packed_records(self) -> Iterator[tuple[int, bytes]]:
        """Yields the records by bucket and forgets them."""
        yield from pack_records(self.records)
        self.records.clear()

    def accept(self, row: EncodedRow) -> None:
        """Writes an example."""
        position = self._shards[row.split].write(row.example)
        self._counts.accepted[row.split] += 1
        for label in row.labels:
            self._counts.labels[row.split, label] += 1
        split = SPLITS.index(row.split)
        self.records.append(
            (row.text_digest, row.target_digest, split, self._chunk.index, position, row.line)
        )

    def reject(self, rejection: Rejection) -> None:
        """Writes a rejected row."""
        file = self._chunk.file
        self._rejected.write(file.split, file.name, rejection)
        self._counts.rejected[rejection.reason] += 1
        raw = rejection.raw[:_TEXT_SHOWN].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        place = f"{file.name}:{rejection.id or rejection.line}"
        example = RowExample(
            self._chunk.index, rejection.line, place, f"{rejection.message}: {raw!r}"
        )
        self._counts.add_example(rejection.reason, example)
