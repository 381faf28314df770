"""Duplicates, leaks and conflicts, found on digests: 25 bytes a row instead of the row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from components.ingest.summary import EXAMPLES_KEPT, Counts, RowExample
from schemas import features as keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS = (keys.TRAIN, keys.EVAL, keys.TEST)
NUM_BUCKETS = 64
"""Texts are compared within a bucket of their digest; a billion rows make 400 MB a bucket."""

RECORD = np.dtype(
    [
        ("text", "<u8"),
        ("target", "<u4"),
        ("split", "u1"),
        ("chunk", "<u4"),
        ("position", "<u4"),
        ("line", "<u4"),
    ]
)
"""One row: 64 bits of its text, 32 of its target, where it was written, and where it stands."""


class Dropped(NamedTuple):
    """Rows to take out of one shard.

    Attributes:
      split: Split of the shard.
      chunk: Index of the shard.
      positions: int64 `(num_rows,)`, ascending, from the start of the shard.
    """

    split: str
    chunk: int
    positions: NDArray[np.int64]


def pack_records(
    rows: Sequence[tuple[int, int, int, int, int, int]],
) -> Iterator[tuple[int, bytes]]:
    """Yields the rows, each a tuple as in `RECORD`, packed by bucket."""
    records = np.array(rows, RECORD)
    buckets = records["text"] % NUM_BUCKETS
    for bucket in np.unique(buckets):
        yield int(bucket), records[buckets == bucket].tobytes()


def unpack_records(packed: Iterable[bytes]) -> NDArray[np.void]:
    """Returns the rows of one bucket sorted by text, split, target and place."""
    records = np.frombuffer(b"".join(packed), RECORD)
    order = np.lexsort([records[name] for name in ("position", "chunk", "target", "split", "text")])
    return records[order]


def find_duplicates(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Returns which rows have the text, split and target of an earlier one: bool `(num_rows,)`."""
    return _same_as_before(records, "text", "split", "target")


def find_leaks(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Returns which rows of other splits have a text of train: bool `(num_rows,)`."""
    in_train = records["split"] == SPLITS.index(keys.TRAIN)
    return ~in_train & np.isin(records["text"], records["text"][in_train])


def find_conflicts(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Returns one row a text that has more than one target in its split: bool `(num_rows,)`."""
    same_text = _same_as_before(records, "text", "split")
    other_target = np.flatnonzero(same_text & ~_same_as_before(records, "text", "split", "target"))
    text_index = np.cumsum(~same_text)
    _, first = np.unique(text_index[other_target], return_index=True)
    conflicts = np.zeros(len(records), bool)
    conflicts[other_target[first]] = True
    return conflicts


PlaceOf = Callable[[int, int], str]
"""Returns the place of a row in words, from its chunk and line."""


def find_repeats(
    records: NDArray[np.void], place_of: PlaceOf, *, drop_duplicates: bool, drop_leaks: bool
) -> tuple[Counts, list[Dropped]]:
    """Counts the repeats among the rows of one bucket and says which rows to take out.

    Args:
      records: Rows sorted as `unpack_records` does.
      place_of: Names a row.
      drop_duplicates: Whether duplicates are taken out.
      drop_leaks: Whether leaks are taken out.
    """
    counts = Counts()
    duplicates, leaks = find_duplicates(records), find_leaks(records)
    conflicts = find_conflicts(records)
    for finding, rows in (("duplicates", duplicates), ("leaks", leaks), ("conflicts", conflicts)):
        counter = getattr(counts, finding)
        counter.update(
            {SPLITS[split]: int(number) for split, number in _counted(records["split"][rows])}
        )
    for finding, rows in (("duplicates", duplicates), ("leaks", leaks)):
        for record in _earliest(records[rows]):
            counts.add_example(finding, _example(record, place_of))
    for at in np.flatnonzero(conflicts)[:EXAMPLES_KEPT]:
        earlier, later = sorted(_example(row, place_of) for row in records[at - 1 : at + 1])
        counts.add_example("conflicts", later._replace(text=f"{earlier.row} has another label"))
    taken_out = (duplicates & drop_duplicates) | (leaks & drop_leaks)
    return counts, list(_by_shard(records[taken_out]))


def _example(record: np.void, place_of: PlaceOf) -> RowExample:
    chunk, line = int(record["chunk"]), int(record["line"])
    return RowExample(chunk, line, place_of(chunk, line))


def _same_as_before(records: NDArray[np.void], *names: str) -> NDArray[np.bool_]:
    """Returns which rows equal the row before in the fields `names`; the first row never does."""
    same = np.ones(len(records), bool)
    same[:1] = False
    for name in names:
        same[1:] &= records[name][1:] == records[name][:-1]
    return same


def _counted(values: NDArray[np.integer]) -> Iterator[tuple[int, int]]:
    yield from zip(*np.unique(values, return_counts=True), strict=True)


def _earliest(records: NDArray[np.void]) -> NDArray[np.void]:
    """Returns the rows that stand first in the files, as many as a message names."""
    return records[np.lexsort([records["line"], records["chunk"]])[:EXAMPLES_KEPT]]


def _by_shard(records: NDArray[np.void]) -> Iterator[Dropped]:
    """Yields the positions of `records` shard by shard."""
    for split, chunk in np.unique(records[["split", "chunk"]]):
        rows = records[(records["split"] == split) & (records["chunk"] == chunk)]
        yield Dropped(SPLITS[split], int(chunk), np.sort(rows["position"].astype(np.int64)))
