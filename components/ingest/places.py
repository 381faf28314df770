"""Where a row stands, in words: the line of a file, or the id of a row that a query gave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tfx.dsl.io import fileio

from components.ingest.plan import IngestPlan

_SHARDS_KEPT = 4


class RowPlaces:
    """Names rows by chunk and line."""

    def __init__(self, plan: IngestPlan) -> None:
        """Makes the names; those of query rows are read when they are first asked for."""
        self._names = [chunk.file.name for chunk in plan.chunks]
        self._plan = plan

    def __call__(self, chunk: int, line: int) -> str:
        """Returns `file name:line`, or `query name:id`."""
        if not self._plan.is_query(chunk):
            return f"{self._names[chunk]}:{line}"
        return f"{self._names[chunk]}:{_read_ids(self._plan.ids_path(chunk))[line - 1]}"


def write_ids(path: str, ids: Sequence[str]) -> None:
    """Leaves the ids of the rows of a shard, a line each, in their order."""
    with fileio.open(path, "w") as stream:
        stream.write("".join(f"{' '.join(name.split())}\n" for name in ids))


@lru_cache(_SHARDS_KEPT)
def _read_ids(path: str) -> list[str]:
    with fileio.open(path, "r") as stream:
        return stream.read().split("\n")
