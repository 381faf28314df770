"""What the workers of ingest need to know, and where they write."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.ingest.bigquery.queries import FORMAT as QUERY
from components.ingest.bigquery.queries import QuerySource
from components.ingest.config import IngestConfig
from components.ingest.formats.base import Chunk
from components.ingest.repeats import SPLITS
from schemas import features as keys


@dataclass(frozen=True)
class IngestPlan:
    """What the workers need to know.

    Attributes:
      config: Rules for rows and repeats.
      task: The task section of the run config.
      chunks: Everything to read: the parts of files, then the shards of queries.
      examples_uri: Where the splits go.
      staging_uri: Folder on the same file system for what is not complete.
      queries: What is asked of BigQuery; each has `config.bigquery.shards` chunks.
    """

    config: IngestConfig
    task: Mapping[str, Any]
    chunks: tuple[Chunk, ...]
    examples_uri: str
    staging_uri: str
    queries: tuple[QuerySource, ...] = ()

    @property
    def file_chunks(self) -> tuple[Chunk, ...]:
        """The parts of files."""
        return tuple(chunk for chunk in self.chunks if not self.is_query(chunk.index))

    @property
    def query_chunks(self) -> tuple[Chunk, ...]:
        """The shards of queries, query by query."""
        return tuple(chunk for chunk in self.chunks if self.is_query(chunk.index))

    def is_query(self, chunk: int) -> bool:
        """Whether the rows of a chunk are those of a query."""
        return self.chunks[chunk].file.format == QUERY

    @property
    def drops(self) -> bool:
        """Whether rows are taken out after all rows are known."""
        return "drop" in (self.config.duplicates, self.config.leaks)

    @property
    def splits(self) -> tuple[str, ...]:
        """Splits of the output."""
        return tuple(split for split in SPLITS if split != keys.TEST or self.config.test)

    def splits_of(self, chunk: Chunk) -> tuple[str, ...]:
        """Splits that the rows of a chunk go to."""
        divided = chunk.file.split == keys.TRAIN and self.config.eval is None
        return (keys.TRAIN, keys.EVAL) if divided else (chunk.file.split,)

    def shard_path(self, split: str, chunk: int) -> str:
        """Where a finished shard stands."""
        return os.path.join(self.examples_uri, f"Split-{split}", self._shard_name(chunk))

    def written_path(self, split: str, chunk: int) -> str:
        """Where a shard is written first: in staging, if rows may be taken out of it."""
        if not self.drops:
            return self.shard_path(split, chunk)
        return os.path.join(self.staging_uri, split, self._shard_name(chunk))

    def rejected_path(self, chunk: int) -> str:
        """Where the rejected rows of a chunk stand."""
        return os.path.join(self.staging_uri, f"rejected-{chunk:05d}.jsonl")

    def ids_path(self, chunk: int) -> str:
        """Where the ids of the rows of a query's shard stand, while they are of use."""
        return os.path.join(self.staging_uri, f"ids-{chunk:05d}.txt")

    def _shard_name(self, chunk: int) -> str:
        """Names a chunk's shard as TFX's own ExampleGen names its shards."""
        return f"data_tfrecord-{chunk:05d}-of-{len(self.chunks):05d}.gz"
