"""The TFX component of the serving check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.serving_check.config import ServingCheckConfig
from components.serving_check.executor import Executor
from schemas import features as keys


class ServingCheckSpec(types.ComponentSpec):
    """Parameters, inputs and outputs of `ServingCheck`."""

    PARAMETERS: ClassVar = {
        "config": ExecutionParameter(type=str),
        "task": ExecutionParameter(type=str),
        "split": ExecutionParameter(type=str),
        "code_version": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        keys.MODEL: ChannelParameter(type=standard_artifacts.Model),
        keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS: ClassVar = {
        keys.SERVING_BLESSING: ChannelParameter(type=standard_artifacts.InfraBlessing),
    }


class ServingCheck(base_component.BaseComponent):
    """Sends real and hostile requests to the exported model, loaded as TensorFlow Serving loads it.

    TFX's own InfraValidator needs Docker or Kubernetes, and is not implemented on Kubeflow v2 and
    Vertex; this runs wherever the trainer ran.

    Outputs:
      serving_blessing: An InfraBlessing with `serving_check.json`.
    """

    SPEC_CLASS = ServingCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        examples: types.BaseChannel,
        config: ServingCheckConfig,
        task: Mapping[str, Any],
        split: str,
        code_version: str,
    ) -> None:
        """Makes the component.

        Args:
          model: The candidate.
          examples: Raw examples.
          config: Limits of latency and difference.
          task: The task section of the run config.
          split: The split whose rows are sent; it holds the rows of the trainer's own answers.
          code_version: Hash of the code that checks; a change reruns the step.
        """
        super().__init__(
            spec=ServingCheckSpec(
                model=model,
                examples=examples,
                config=config.model_dump_json(),
                task=json.dumps(task, sort_keys=True),
                split=split,
                code_version=code_version,
                serving_blessing=types.Channel(type=standard_artifacts.InfraBlessing),
            )
        )
