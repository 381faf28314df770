"""The rows of queries through Beam's own source for BigQuery, each on its way to its shard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.gcp.bigquery import BigQueryQueryPriority, ReadFromBigQuery

from components.ingest.bigquery.config import BigQueryConfig
from components.ingest.bigquery.queries import QuerySource
from components.ingest.bigquery.rows import pack_row

_METHODS = {
    "direct_read": ReadFromBigQuery.Method.DIRECT_READ,
    "export": ReadFromBigQuery.Method.EXPORT,
}
_PRIORITIES = {
    "interactive": BigQueryQueryPriority.INTERACTIVE,
    "batch": BigQueryQueryPriority.BATCH,
}


class ReadQueries(beam.PTransform):
    """Asks every query: Pipeline -> PCollection[(chunk, packed row)]."""

    def __init__(
        self, queries: Sequence[QuerySource], config: BigQueryConfig, first_chunk: int
    ) -> None:
        """Makes the transform.

        Args:
          queries: What to ask.
          config: How.
          first_chunk: Index of the first shard of the first query.
        """
        super().__init__()
        self._queries = tuple(queries)
        self._config = config
        self._first_chunk = first_chunk

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        rows = []
        for number, query in enumerate(self._queries):
            first = self._first_chunk + number * self._config.shards
            rows.append(
                pbegin
                | query.source.name >> read_from_bigquery(query.text, self._config)
                | f"Pack {query.source.name}" >> beam.ParDo(PackRow(first, self._config.shards))
            )
        return rows | "AllRows" >> beam.Flatten()


def read_from_bigquery(text: str, config: BigQueryConfig) -> ReadFromBigQuery:
    """Returns Beam's source for a query: a PCollection of rows, dicts by column."""
    from apache_beam.io.gcp.internal.clients.bigquery import DatasetReference

    options: dict[str, Any] = {}
    if config.temp_dataset is not None:
        options["temp_dataset"] = DatasetReference(
            projectId=config.project, datasetId=config.temp_dataset
        )
    return ReadFromBigQuery(
        gcs_location=config.temp_location,
        method=_METHODS[config.method],
        query=text,
        use_standard_sql=True,
        flatten_results=False,  # lists and structs stay nested
        project=config.project,
        query_priority=_PRIORITIES[config.priority],
        **options,
    )


@beam.typehints.with_output_types(tuple[int, bytes])
class PackRow(beam.DoFn):
    """Row of BigQuery -> (chunk, packed row)."""

    def __init__(self, first_chunk: int, num_shards: int) -> None:
        """Makes the DoFn; a query's shards are the chunks from `first_chunk` on."""
        self._first_chunk = first_chunk
        self._num_shards = num_shards

    def process(self, row: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
        shard, packed = pack_row(row, self._num_shards)
        yield self._first_chunk + shard, packed
