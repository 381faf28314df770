"""The Beam part of ingest: files and queries in; shards of examples, rejected rows, counts out.

Rows of files stay inside one DoFn, from the file to the shard; what is shuffled between workers is
25 bytes a row. So memory hardly grows with the data on the in-memory DirectRunner, and little
travels on a distributed one. Rows of queries come in any order, and are shuffled once, whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from components.ingest.bigquery.transform import ReadQueries
from components.ingest.formats.base import Chunk
from components.ingest.places import RowPlaces
from components.ingest.plan import IngestPlan
from components.ingest.reading import read_chunk, read_shard
from components.ingest.repeats import find_repeats, unpack_records
from components.ingest.shards import copy_without
from components.ingest.summary import Counts, total
from models.tasks import create_task
from schemas import features as keys
from schemas.progress import Progress, report

_NAMESPACE = "albert_tfx.ingest"
_COUNTS = "counts"


class IngestRows(beam.PTransform):
    """Reads everything and writes its shards: Pipeline -> PCollection[Counts], the one sum."""

    def __init__(self, plan: IngestPlan) -> None:
        """Makes the transform."""
        super().__init__()
        self._plan = plan

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        plan = self._plan
        parts = [self._read_files(pbegin), *([self._read_queries(pbegin)] if plan.queries else [])]
        repeats = (
            [part.records for part in parts]
            | "AllRecords" >> beam.Flatten()
            | "ByBucket" >> beam.GroupByKey()
            | "FindRepeats" >> beam.ParDo(FindRepeats(plan)).with_outputs(_COUNTS, main="dropped")
        )
        counts = [*(part[_COUNTS] for part in parts), repeats[_COUNTS]]
        if plan.drops:
            shards = [
                ((split, chunk.index), None)
                for chunk in plan.chunks
                for split in plan.splits_of(chunk)
            ]
            written = pbegin | "Shards" >> beam.Create(shards)
            finished = (
                {"written": written, "dropped": repeats.dropped}
                | "ByShard" >> beam.CoGroupByKey()
                | "FinishShard" >> beam.ParDo(FinishShard(plan))
            )
            counts.append(finished)
        return counts | "AllCounts" >> beam.Flatten() | "Total" >> beam.CombineGlobally(total)

    def _read_files(self, pbegin: beam.Pipeline) -> Any:
        return (
            pbegin
            | "Chunks" >> beam.Create(self._plan.file_chunks)
            | "Spread" >> beam.Reshuffle()
            | "ReadChunk" >> beam.ParDo(ReadChunk(self._plan)).with_outputs(_COUNTS, main="records")
        )

    def _read_queries(self, pbegin: beam.Pipeline) -> Any:
        # A shard into which no row falls is written too: its chunk alone brings it here.
        numbers = [(chunk.index, None) for chunk in self._plan.query_chunks]
        first = len(self._plan.file_chunks)
        rows = pbegin | "Ask" >> ReadQueries(self._plan.queries, self._plan.config.bigquery, first)
        return (
            {"rows": rows, "chunk": pbegin | "QueryShards" >> beam.Create(numbers)}
            | "ByQueryShard" >> beam.CoGroupByKey()
            | "ReadShard" >> beam.ParDo(ReadShard(self._plan)).with_outputs(_COUNTS, main="records")
        )


class _ReadPart(beam.DoFn):
    """What reads a chunk: writes its shards and rejected rows, and tells of them."""

    def __init__(self, plan: IngestPlan) -> None:
        """Makes the DoFn."""
        self._plan = plan
        self._rows_in = Metrics.counter(_NAMESPACE, "rows_in")
        self._rows_out = Metrics.counter(_NAMESPACE, "rows_out")

    def setup(self) -> None:
        """Makes the task once a worker."""
        self._task = create_task(self._plan.task)

    def _tell(self, chunk: Chunk, counts: Counts) -> TaggedOutput:
        """Counts and reports a chunk that is done, and returns its counts."""
        self._rows_in.inc(counts.accepted.total() + counts.rejected.total())
        self._rows_out.inc(counts.accepted.total())
        for reason, number in counts.rejected.items():
            Metrics.counter(_NAMESPACE, f"rejected/{reason}").inc(number)
        report(Progress("ingest", chunk.done_bytes, self._plan.chunks[-1].done_bytes))
        return TaggedOutput(_COUNTS, counts)


@beam.typehints.with_output_types(tuple[int, bytes])
class ReadChunk(_ReadPart):
    """Chunk of a file -> (bucket, packed records), and tagged Counts."""

    def process(self, chunk: Chunk) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        counts = Counts()
        yield from read_chunk(chunk, self._plan, self._task, counts)
        yield self._tell(chunk, counts)


@beam.typehints.with_output_types(tuple[int, bytes])
class ReadShard(_ReadPart):
    """(chunk, packed rows of a query) -> (bucket, packed records), and tagged Counts."""

    def process(
        self, element: tuple[int, Mapping[str, Iterable[Any]]]
    ) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        index, grouped = element
        chunk, counts = self._plan.chunks[index], Counts()
        yield from read_shard(chunk, grouped["rows"], self._plan, self._task, counts)
        yield self._tell(chunk, counts)


@beam.typehints.with_output_types(tuple[tuple[str, int], Any])
class FindRepeats(beam.DoFn):
    """(bucket, packed records) -> ((split, chunk), positions to take out), and tagged Counts."""

    def __init__(self, plan: IngestPlan) -> None:
        """Makes the DoFn."""
        self._drop_duplicates = plan.config.duplicates == "drop"
        self._drop_leaks = plan.config.leaks == "drop"
        self._place_of = RowPlaces(plan)

    def process(
        self, element: tuple[int, Iterable[bytes]]
    ) -> Iterator[tuple[tuple[str, int], Any] | TaggedOutput]:
        counts, dropped = find_repeats(
            unpack_records(element[1]),
            self._place_of,
            drop_duplicates=self._drop_duplicates,
            drop_leaks=self._drop_leaks,
        )
        for rows in dropped:
            yield (rows.split, rows.chunk), rows.positions
        yield TaggedOutput(_COUNTS, counts)


class FinishShard(beam.DoFn):
    """((split, chunk), positions to take out) -> Counts of what was; writes the finished shard."""

    def __init__(self, plan: IngestPlan) -> None:
        """Makes the DoFn."""
        self._plan = plan

    def process(
        self, element: tuple[tuple[str, int], Mapping[str, Iterable[Sequence[int]]]]
    ) -> Iterator[Counts]:
        (split, chunk), grouped = element
        positions = sorted(int(position) for part in grouped["dropped"] for position in part)
        plan = self._plan
        taken = copy_without(
            plan.written_path(split, chunk),
            plan.shard_path(split, chunk),
            plan.staging_uri,
            positions,
        )
        counts = Counts()
        counts.dropped[split] += len(taken)
        for record in taken:
            example = tf.train.Example.FromString(record)
            for label in example.features.feature[keys.LABEL].bytes_list.value:
                counts.labels[split, label.decode()] -= 1
        yield counts
