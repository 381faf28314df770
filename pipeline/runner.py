"""TFX's LocalDagRunner with a report of each step: ran or cached, how long, and what it made."""

import time
from collections.abc import Callable
from functools import partial

from ml_metadata import MetadataStore
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import event_lib
from tfx.proto.orchestration import pipeline_pb2

from pipeline import local_copies
from pipeline.local_copies import LocalCopies
from pipeline.steps import Step, StepObserver
from schemas.errors import AlbertTfxError


class ObservedLocalDagRunner(LocalDagRunner):
    """Runs node after node in this process, as LocalDagRunner does, and tells an observer."""

    def __init__(
        self,
        run_id: str,
        observer: StepObserver,
        *,
        copies: LocalCopies | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes the runner.

        Args:
          run_id: Name of the run in ML Metadata.
          observer: Told of every step.
          copies: Stands for a pipeline root on a bucket; None: the root is a folder here.
          clock: Source of seconds.
        """
        super().__init__()
        self._run_id = run_id
        self._observer = observer
        self._make_launcher = launcher.Launcher
        if copies is not None:
            self._make_launcher = partial(local_copies.Launcher, copies)
        self._clock = clock

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        """Runs a compiled pipeline; see LocalDagRunner, whose loop has no place to look in from."""
        del run_options
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {"pipeline-run-id": self._run_id}
        )
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        connection = deployment.metadata_connection_config
        store = getattr(connection, connection.WhichOneof("connection_config"))
        for node in pipeline.nodes:
            node_id = node.pipeline_node.node_info.id
            self._launch(
                node_id,
                metadata.Metadata(store),
                self._make_launcher(
                    pipeline_node=node.pipeline_node,
                    mlmd_connection=metadata.Metadata(store),
                    pipeline_info=pipeline.pipeline_info,
                    pipeline_runtime_spec=pipeline.runtime_spec,
                    executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
                    custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
                ),
            )

    def _launch(self, node_id: str, connection: metadata.Metadata, node: launcher.Launcher) -> None:
        self._observer.started(node_id)
        start = self._clock()
        try:
            execution = node.launch()
        except BaseException:
            self._observer.ended(Step(node_id, "failed", self._clock() - start))
            raise
        seconds = self._clock() - start
        if execution is None:
            self._observer.ended(Step(node_id, "run", seconds))
            return
        with connection as handle:
            (record,) = handle.store.get_executions_by_id([execution.execution_id])
            outputs = _outputs(handle.store, execution.execution_id)
        if record.last_known_state == Execution.FAILED:
            # A resolver that raises is only recorded; its consumers would go on without its input.
            self._observer.ended(Step(node_id, "failed", seconds))
            raise AlbertTfxError(f"{node_id} could not look up its artifacts; see the log")
        cached = record.last_known_state == Execution.CACHED
        self._observer.ended(Step(node_id, "cached" if cached else "run", seconds, outputs))


def _outputs(store: MetadataStore, execution_id: int) -> dict[str, list[str]]:
    """Returns the URIs of an execution's output artifacts by output key."""
    events = store.get_events_by_execution_ids([execution_id])
    artifacts = store.get_artifacts_by_id([event.artifact_id for event in events])
    _, outputs = event_lib.reconstruct_inputs_and_outputs(artifacts, events)
    return {key: [artifact.uri for artifact in made] for key, made in outputs.items()}
