"""The TFX component that publishes."""

from __future__ import annotations

from typing import ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.publish.config import PublishConfig
from components.publish.executor import Executor
from schemas import features as keys


class PublishSpec(types.ComponentSpec):
    """Parameters, inputs and outputs of `Publish`."""

    PARAMETERS: ClassVar = {
        "model_base": ExecutionParameter(type=str),
        "remote_base": ExecutionParameter(type=str),
        "config": ExecutionParameter(type=str),
        "run_id": ExecutionParameter(type=str),
        "code_version": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        keys.MODEL: ChannelParameter(type=standard_artifacts.Model),
        keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        keys.EVALUATION: ChannelParameter(type=standard_artifacts.ModelEvaluation),
        keys.BLESSING: ChannelParameter(type=standard_artifacts.ModelBlessing),
        keys.SERVING_BLESSING: ChannelParameter(type=standard_artifacts.InfraBlessing),
    }
    OUTPUTS: ClassVar = {
        keys.PUSHED_MODEL: ChannelParameter(type=standard_artifacts.PushedModel),
    }


class Publish(base_component.BaseComponent):
    """Makes a blessed model the next version that TensorFlow Serving loads.

    TFX's own Pusher numbers versions by the second, copies into the folder that is served, and
    copies again what is live already.

    Outputs:
      pushed_model: A PushedModel with `publication.json`; the model itself is in the model base.
    """

    SPEC_CLASS = PublishSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(  # noqa: PLR0913 - keyword-only, one for each input and parameter
        self,
        *,
        model: types.BaseChannel,
        examples: types.BaseChannel,
        evaluation: types.BaseChannel,
        blessing: types.BaseChannel,
        serving_blessing: types.BaseChannel,
        model_base: str,
        remote_base: str | None = None,
        config: PublishConfig,
        run_id: str,
        code_version: str,
    ) -> None:
        """Makes the component.

        Args:
          model: The candidate.
          examples: Raw examples, for warm-up requests.
          evaluation: Holds the verdict: metrics, and reasons of a refusal.
          blessing: Whether the candidate is good enough.
          serving_blessing: Whether it can be served.
          model_base: Folder of the versions.
          remote_base: Folder on a bucket that `model_base` is the mirror of; None: none.
          config: Number of warm-up requests.
          run_id: Name of the run. It differs in every run, so this step is never cached: it mends a
            model base that was deleted, and does next to nothing where the model is live already.
          code_version: Hash of the code that publishes.
        """
        super().__init__(
            spec=PublishSpec(
                model=model,
                examples=examples,
                evaluation=evaluation,
                blessing=blessing,
                serving_blessing=serving_blessing,
                model_base=model_base,
                remote_base=remote_base or "",
                config=config.model_dump_json(),
                run_id=run_id,
                code_version=code_version,
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
