"""One chunk of a file, asked about batch by batch.

A batch of texts of like lengths takes the time of its tokens, a mixed one that of its longest text
too: rows are sorted by length within a pool, and written in the order of the file.
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
from components.ingest.encode import EncodedRow, RowEncoder
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, Rejection
from components.ingest.shards import RejectedRows
from components.ingest.summary import Counts, RowExample
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError
from schemas.progress import Progress, report
from serving.predict import plain
from serving.saved_model import LoadedModel

POOL_BATCHES = 64
"""Batches whose rows are sorted by length together, and held in memory."""

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
                    named = {_ID: f"{chunk.file.name}:{row.line}", **values}
                    answers.write(json.dumps(named, ensure_ascii=False) + "\n")
                counts.accepted[chunk.file.split] += len(pool)
        return counts

    def _accepted(
        self, chunk: Chunk, rejected: RejectedRows, counts: Counts
    ) -> Iterator[EncodedRow]:
        """Yields the rows that can be asked about; writes the others to the quarantine."""
        encoder = RowEncoder(chunk.file, self._plan.config, self._task)
        try:
            for row in create_format(chunk.file.format).read(chunk):
                result = row if isinstance(row, Rejection) else encoder.encode(row)
                if isinstance(result, EncodedRow):
                    yield result
                    continue
                rejected.write(chunk.file.split, chunk.file.name, result)
                counts.rejected[result.reason] += 1
                place = f"{chunk.file.name}:{result.line}"
                counts.add_example(
                    result.reason, RowExample(chunk.index, result.line, place, result.message)
                )
        except UserError as error:  # told when all is read: raised here, Beam would bury it
            counts.failures.append(str(error))

    def _ask(self, pool: Sequence[EncodedRow]) -> list[dict[str, Any]]:
        """Returns the answer to each row of a pool, in the order of the pool."""
        order = sorted(range(len(pool)), key=lambda number: len(pool[number].example))
        answers: list[dict[str, Any]] = [{}] * len(pool)
        for start in range(0, len(pool), self._plan.batch_size):
            batch = order[start : start + self._plan.batch_size]
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
