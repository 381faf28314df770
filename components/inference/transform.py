"""The Beam part of bulk inference: chunks of files in; files of answers and rejected rows out.

Rows and answers stay inside one DoFn, so memory does not grow with the data on any runner.
"""

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics

from components.inference.answering import ChunkAnswerer
from components.inference.plan import InferencePlan, without_targets
from components.ingest.formats.base import Chunk
from components.ingest.summary import Counts, total
from models.tasks import create_task
from serving.saved_model import LoadedModel

_NAMESPACE = "albert_tfx.inference"


class AnswerRows(beam.PTransform):
    """Asks about every chunk and writes its answers: Pipeline -> PCollection[Counts], the sum."""

    def __init__(self, plan: InferencePlan) -> None:
        """Makes the transform."""
        super().__init__()
        self._plan = plan

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        return (
            pbegin
            | "Chunks" >> beam.Create(self._plan.chunks)
            | "Spread" >> beam.Reshuffle()
            | "AnswerChunk" >> beam.ParDo(AnswerChunk(self._plan))
            | "Total" >> beam.CombineGlobally(total)
        )


class AnswerChunk(beam.DoFn):
    """Chunk -> Counts; writes the chunk's answers and rejected rows."""

    def __init__(self, plan: InferencePlan) -> None:
        """Makes the DoFn."""
        self._plan = plan
        self._answered = Metrics.counter(_NAMESPACE, "rows_answered")

    def setup(self) -> None:
        """Loads the model once a worker."""
        self._model = LoadedModel.load(self._plan.model_dir)
        task = without_targets(create_task(self._plan.task))
        self._answerer = ChunkAnswerer(self._plan, task, self._model)

    def process(self, chunk: Chunk) -> Iterator[Counts]:
        counts = self._answerer.answer(chunk)
        self._answered.inc(counts.accepted.total())
        for reason, number in counts.rejected.items():
            Metrics.counter(_NAMESPACE, f"rejected/{reason}").inc(number)
        yield counts

    def teardown(self) -> None:
        """Frees the model."""
        self._model.close()
