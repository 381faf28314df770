"""First stage: text files to tf.Examples and their statistics."""

from dataclasses import dataclass

from tfx.components import StatisticsGen
from tfx.dsl.components.base.base_node import BaseNode

from components.ingest.component import Ingest
from components.ingest.sources import Sources
from components.validation.statistics import statistics_options
from pipeline.code_version import code_version
from pipeline.config import RunConfig
from schemas import features as keys


@dataclass(frozen=True)
class IngestStage:
    """The nodes that read the data."""

    ingest: Ingest
    statistics: StatisticsGen

    @property
    def nodes(self) -> list[BaseNode]:
        """Every node of the stage."""
        return [self.ingest, self.statistics]


def ingest_stage(config: RunConfig, sources: Sources | None) -> IngestStage:
    """Makes the nodes that turn `sources` into examples and statistics."""
    ingest = Ingest(
        sources=sources,
        config=config.ingest,
        task=config.task_record(),
        code_version=code_version("components.ingest", f"models.tasks.{config.task.name}"),
    )
    statistics = StatisticsGen(
        examples=ingest.outputs[keys.EXAMPLES], stats_options=statistics_options()
    )
    return IngestStage(ingest, statistics)
