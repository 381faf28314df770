"""The TFX component of ingest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import Quarantine
from components.ingest.config import IngestConfig
from components.ingest.executor import Executor
from components.ingest.sources import Sources
from schemas import features as keys


class IngestSpec(types.ComponentSpec):
    """Parameters and outputs of `Ingest`."""

    PARAMETERS: ClassVar = {
        "sources": ExecutionParameter(type=str),
        "config": ExecutionParameter(type=str),
        "task": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
        "span": ExecutionParameter(type=int),
        "code_version": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {}
    OUTPUTS: ClassVar = {
        keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        keys.QUARANTINE: ChannelParameter(type=Quarantine),
    }


class Ingest(base_component.BaseComponent):
    """Reads text files, and the rows of BigQuery queries, into tf.Examples.

    Outputs:
      examples: Splits train, eval and, where a test file is given, test.
      quarantine: `rejected.jsonl`, every unusable row with place and reason, and `summary.json`.
    """

    SPEC_CLASS = IngestSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        sources: Sources | None,
        config: IngestConfig,
        task: Mapping[str, Any],
        code_version: str,
    ) -> None:
        """Makes the component.

        Args:
          sources: The resolved files and queries. Their fingerprint is a parameter of the step,
            so that a changed file or table reruns it. None where they lie elsewhere: the step
            finds them itself.
          config: Rules for rows and repeats.
          task: The task section of the run config.
          code_version: Hash of the code that ingests; a change reruns the step.
        """
        super().__init__(
            spec=IngestSpec(
                sources=sources.model_dump_json() if sources else "",
                config=config.model_dump_json(),
                task=json.dumps(task, sort_keys=True),
                fingerprint=sources.fingerprint if sources else "",
                span=sources.span if sources else 0,
                code_version=code_version,
                examples=types.Channel(type=standard_artifacts.Examples),
                quarantine=types.Channel(type=Quarantine),
            )
        )
