"""The TFX component of the evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.evaluation.config import EvaluateConfig
from components.evaluation.executor import Executor
from schemas import features as keys


class EvaluateSpec(types.ComponentSpec):
    """Parameters, inputs and outputs of `Evaluate`."""

    PARAMETERS: ClassVar = {
        "config": ExecutionParameter(type=str),
        "task": ExecutionParameter(type=str),
        "split": ExecutionParameter(type=str),
        "code_version": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        keys.MODEL: ChannelParameter(type=standard_artifacts.Model),
        keys.CHAMPION: ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS: ClassVar = {
        keys.EVALUATION: ChannelParameter(type=standard_artifacts.ModelEvaluation),
        keys.BLESSING: ChannelParameter(type=standard_artifacts.ModelBlessing),
    }


def _spec_class(baseline_keys: Iterable[str]) -> type[EvaluateSpec]:
    """Returns the spec with an input for each baseline: Kubeflow takes one artifact an input."""
    baselines = {key: ChannelParameter(type=standard_artifacts.Model) for key in baseline_keys}
    return type("EvaluateSpec", (EvaluateSpec,), {"INPUTS": {**EvaluateSpec.INPUTS, **baselines}})


class Evaluate(base_beam_component.BaseBeamComponent):
    """Measures the candidate beside champion and baselines, and judges whether it may be published.

    TFX's own Evaluator takes two models at most; TFMA below it takes any number in one pass, and so
    does this.

    Outputs:
      evaluation: The files of TFMA, and `verdict.json`.
      blessing: A ModelBlessing, always written, with the properties that TFX's own Evaluator sets.
    """

    SPEC_CLASS = EvaluateSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        champion: types.BaseChannel | None = None,
        baselines: Sequence[types.BaseChannel] = (),
        config: EvaluateConfig,
        task: Mapping[str, Any],
        split: str,
        code_version: str,
    ) -> None:
        """Makes the component.

        Args:
          examples: Raw examples.
          model: The candidate.
          champion: The latest blessed other model; the channel may hold none.
          baselines: One channel for each baseline.
          config: Slices and thresholds.
          task: The task section of the run config.
          split: The split to judge on.
          code_version: Hash of the code that evaluates; a change reruns the step.
        """
        inputs = {keys.EXAMPLES: examples, keys.MODEL: model}
        if champion is not None:
            inputs[keys.CHAMPION] = champion
        numbered = {f"{keys.BASELINES}_{n}": channel for n, channel in enumerate(baselines)}
        super().__init__(
            spec=_spec_class(numbered)(
                config=config.model_dump_json(),
                task=json.dumps(task, sort_keys=True),
                split=split,
                code_version=code_version,
                evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
                blessing=types.Channel(type=standard_artifacts.ModelBlessing),
                **inputs,
                **numbered,
            )
        )
