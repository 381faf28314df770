"""One chunk of a file, asked about batch by batch.

A batch of texts of like lengths takes the time of its tokens, a mixed one that of its longest text
too: rows are sorted by length within a pool, and written in the order of the file. Long texts make
small batches, so that memory does not grow with them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any

from tfx.dsl.io import fileio

from components.inference.plan import InferencePlan
from components.inference.requests import AskedRow, encode_request
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, Rejection
from components.ingest.shards import RejectedRows
from components.ingest.summary import Counts, RowExample
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError
from schemas.progress import Progress, report
from serving.predict import plain
from serving.readable import readable
from serving.saved_model import LoadedModel

POOL_BATCHES = 64
"""Batches whose rows are sorted by length together, and held in memory."""

ROW_BYTES = 2048
"""Size of a mean row that a batch has room for: SQuAD's have half of that, RACE's as much."""

_ID = "id"


class ChunkAnswerer:
    """Asks a loaded model about the rows of chunks.

    Attributes:
      rows: Rows that were answered so far.
    """

    def __init__(self, plan: InferencePlan, task: Task, model: LoadedModel) -> None:
        """Makes one.

        Args:
          plan: Where to read and write.
          task: As `without_targets` returns it.
          model: Has the signature `examples`.
        """
        self._plan = plan
        self._task = task
        self._model = model
        self._start = time.monotonic()
        self.rows = 0

    def answer(self, chunk: Chunk) -> Counts:
        """Writes the answers and the rejected rows of a chunk, and returns the counts."""
        counts = Counts()
        with ExitStack() as files:
            answers = files.enter_context(fileio.open(self._plan.answers_path(chunk.index), "w"))
            answers.write("")  # without a write, tf.io.gfile makes no file
            rejected = files.enter_context(
                RejectedRows(self._plan.rejected_path(chunk.index), str(self._plan.staging_dir))
            )
            rows = self._accepted(chunk, rejected, counts)
            while pool := list(islice(rows, POOL_BATCHES * self._plan.batch_size)):
                for row, values in zip(pool, self._ask(pool), strict=True):
                    named = {_ID: row.id, **readable(values)}
                    answers.write(json.dumps(named, ensure_ascii=False) + "\n")
                counts.accepted[chunk.file.split] += len(pool)
        return counts

    def _accepted(self, chunk: Chunk, rejected: RejectedRows, counts: Counts) -> Iterator[AskedRow]:
        """Yields the rows that can be asked about; writes the others to the quarantine."""
        file, config = chunk.file, self._plan.config
        try:
            for row in create_format(file.format).read(chunk):
                asked = (
                    row
                    if isinstance(row, Rejection)
                    else encode_request(row, file, config, self._task)
                )
                if isinstance(asked, AskedRow):
                    yield asked
                    continue
                rejected.write(file.split, file.name, asked)
                counts.rejected[asked.reason] += 1
                place = f"{file.name}:{asked.line}"
                counts.add_example(
                    asked.reason, RowExample(chunk.index, asked.line, place, asked.message)
                )
        except UserError as error:  # told when all is read: raised here, Beam would bury it
            counts.failures.append(str(error))

    def _ask(self, pool: Sequence[AskedRow]) -> list[dict[str, Any]]:
        """Returns the answer to each row of a pool, in the order of the pool."""
        answers: list[dict[str, Any]] = [{}] * len(pool)
        for batch in sized_batches([len(row.example) for row in pool], self._plan.batch_size):
            outputs = self._model.run(
                {keys.SERIALIZED_EXAMPLES: [pool[number].example for number in batch]},
                keys.EXAMPLES_SIGNATURE,
            )
            for place, number in enumerate(batch):
                answers[number] = {name: plain(outputs[name][place]) for name in sorted(outputs)}
            self.rows += len(batch)
            seconds = max(time.monotonic() - self._start, 1e-9)
            report(Progress("inference", self.rows, figures={"rows/s": self.rows / seconds}))
        return answers


def sized_batches(sizes: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Yields the numbers of rows of like sizes, which are to be asked about together.

    >>> list(sized_batches([10, 30, 20], 2)), list(sized_batches([9000, 9000, 10], 2))
    ([[0, 2], [1]], [[2], [0], [1]])

    Args:
      sizes: Of the rows, in bytes.
      batch_size: Most rows of a batch, which has room for as many of `ROW_BYTES`.
    """
    batch: list[int] = []
    room = batch_size * ROW_BYTES
    for number in sorted(range(len(sizes)), key=sizes.__getitem__):
        if len(batch) == batch_size or (batch and sizes[number] > room):
            yield batch
            batch, room = [], batch_size * ROW_BYTES
        batch.append(number)
        room -= sizes[number]
    if batch:
        yield batch
