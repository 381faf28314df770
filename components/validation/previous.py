"""Which statistics the present ones are compared with: the latest before that passed the gate."""

from __future__ import annotations

from collections.abc import Sequence

import ml_metadata as mlmd
from ml_metadata.errors import NotFoundError
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.components.common import resolver
from tfx.types import standard_artifacts

from schemas import features as keys

GATE_TYPE = "components.validation.component.DataGate"
"""Name of the gate's executions in ML Metadata: TFX takes the dotted name of the class."""

_PASSED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)


class PreviousStatisticsStrategy(resolver.ResolverStrategy):
    """Chooses the latest statistics of an earlier span, or, without spans, those made before.

    The choice depends on the present statistics, not on time: an unchanged rerun chooses the same,
    and the gate's result is taken from the cache. Statistics that the gate refused are passed over:
    otherwise data that drifted would be the measure of the next run, which would then pass.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Returns the present statistics, and the previous ones or an empty list."""
        (present,) = input_dict[keys.STATISTICS]
        candidates = earlier(present, input_dict[keys.PREVIOUS_STATISTICS])
        chosen = next(
            (artifact for artifact in candidates if _passed_gate(store, artifact.id)), None
        )
        return {
            keys.STATISTICS: [present],
            keys.PREVIOUS_STATISTICS: [] if chosen is None else [chosen],
        }


def earlier(present: types.Artifact, artifacts: Sequence[types.Artifact]) -> list[types.Artifact]:
    """Returns the artifacts of earlier spans, or without spans those made before; latest first."""
    if present.span:
        before = [artifact for artifact in artifacts if artifact.span < present.span]
        return sorted(before, key=lambda artifact: (artifact.span, artifact.id), reverse=True)
    before = [artifact for artifact in artifacts if artifact.id < present.id]
    return sorted(before, key=lambda artifact: artifact.id, reverse=True)


def _passed_gate(store: mlmd.MetadataStore, statistics_id: int) -> bool:
    """Returns whether a gate that judged these statistics came to its end."""
    try:
        gate = store.get_execution_type(GATE_TYPE)
    except NotFoundError:
        return False
    executions = [
        event.execution_id
        for event in store.get_events_by_artifact_ids([statistics_id])
        if event.type == metadata_store_pb2.Event.INPUT
        and any(step.key == keys.STATISTICS for step in event.path.steps)
    ]
    return any(
        execution.type_id == gate.id and execution.last_known_state in _PASSED
        for execution in store.get_executions_by_id(executions)
    )


def previous_statistics(statistics: types.Channel) -> resolver.Resolver:
    """Makes the node that finds the statistics to compare `statistics` with.

    Args:
      statistics: Output of the StatisticsGen of this pipeline.

    Returns:
      A resolver whose output `previous_statistics` holds one artifact, or none on the first run.
    """
    # Without the output key: with it, TFX takes this channel and `statistics` for the same one.
    every_run = types.Channel(
        type=standard_artifacts.ExampleStatistics,
        producer_component_id=statistics.producer_component_id,
    )
    return resolver.Resolver(
        strategy_class=PreviousStatisticsStrategy,
        statistics=statistics,  # the names are those of keys.STATISTICS and PREVIOUS_STATISTICS
        previous_statistics=every_run,
    ).with_id("PreviousStatistics")
