"""What the workers of ingest need to know, and where they write."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
      chunks: Everything to read.
      examples_uri: Where the splits go.
      staging_uri: Folder on the same file system for what is not complete.
    """

    config: IngestConfig
    task: Mapping[str, Any]
    chunks: tuple[Chunk, ...]
    examples_uri: str
    staging_uri: str

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

    def _shard_name(self, chunk: int) -> str:
        """Names a chunk's shard as TFX's own ExampleGen names its shards."""
        return f"data_tfrecord-{chunk:05d}-of-{len(self.chunks):05d}.gz"
