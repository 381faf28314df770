"""The TFX component of the data gate."""

from __future__ import annotations

from typing import ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.validation.config import ValidationConfig
from components.validation.executor import Executor
from schemas import features as keys


class DataGateSpec(types.ComponentSpec):
    """Parameters, inputs and outputs of `DataGate`."""

    PARAMETERS: ClassVar = {
        "config": ExecutionParameter(type=str),
        "code_version": ExecutionParameter(type=str),
        "keep_in": ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar = {
        keys.STATISTICS: ChannelParameter(type=standard_artifacts.ExampleStatistics),
        keys.SCHEMA: ChannelParameter(type=standard_artifacts.Schema),
        keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        keys.PREVIOUS_STATISTICS: ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
    }
    OUTPUTS: ClassVar = {keys.ANOMALIES: ChannelParameter(type=standard_artifacts.ExampleAnomalies)}


class DataGate(base_component.BaseComponent):
    """Stops the run where data does not fit the curated schema, or drifted from the span before.

    Outputs:
      anomalies: `SchemaDiff.pb` a split, as TFX's ExampleValidator writes it, and `findings.json`.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        examples: types.BaseChannel,
        previous_statistics: types.BaseChannel | None = None,
        config: ValidationConfig,
        code_version: str,
        keep_in: str | None = None,
    ) -> None:
        """Makes the component.

        Args:
          statistics: Statistics of `examples`.
          schema: The curated schema.
          examples: The examples, to name rows that break the schema.
          previous_statistics: Statistics to compare with; see components.validation.previous.
          config: What to do about which kind of anomaly.
          code_version: Hash of the code of the gate; a change reruns the step.
          keep_in: Folder that statistics which pass are kept in, for later runs to compare with;
            unset: they are found in ML Metadata.
        """
        inputs = {keys.STATISTICS: statistics, keys.SCHEMA: schema, keys.EXAMPLES: examples}
        if previous_statistics is not None:
            inputs[keys.PREVIOUS_STATISTICS] = previous_statistics
        super().__init__(
            spec=DataGateSpec(
                **inputs,
                config=config.model_dump_json(),
                code_version=code_version,
                keep_in=keep_in,
                anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
