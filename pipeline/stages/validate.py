"""Second stage: the curated schema and the data gate."""

from dataclasses import dataclass
from pathlib import Path

from tfx.dsl.components.base.base_node import BaseNode

from components.validation.component import DataGate
from pipeline.backend import Backend
from pipeline.code_version import code_version
from pipeline.config import RunConfig
from pipeline.stages.ingest import IngestStage
from schemas import features as keys


@dataclass(frozen=True)
class ValidateStage:
    """The nodes that let only data of the curated schema pass."""

    schema: BaseNode
    previous: BaseNode
    gate: DataGate

    @property
    def nodes(self) -> list[BaseNode]:
        """Every node of the stage."""
        return [self.schema, self.previous, self.gate]


def validate_stage(
    config: RunConfig, ingested: IngestStage, schema_file: Path, backend: Backend
) -> ValidateStage:
    """Makes the nodes that check the examples against the schema and the previous span."""
    schema = backend.schema(schema_file)
    statistics = ingested.statistics.outputs[keys.STATISTICS]
    previous = backend.previous_statistics(statistics)
    gate = DataGate(
        statistics=statistics,
        schema=schema.outputs[keys.SCHEMA],
        examples=ingested.ingest.outputs[keys.EXAMPLES],
        previous_statistics=previous.outputs[keys.PREVIOUS_STATISTICS],
        config=config.validation,
        code_version=code_version("components.validation"),
        keep_in=backend.keep_statistics_in,
    )
    return ValidateStage(schema, previous, gate)
