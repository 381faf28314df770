"""The TFX component that turns raw text into token ids: Transform, with a vocabulary too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ChannelParameter
from tfx.utils import json_utils

from components.artifacts import Vocabulary
from components.transform.executor import Executor
from models import transform
from schemas import features as keys


class TextTransformSpec(types.ComponentSpec):
    """Transform's inputs, outputs and parameters, and the vocabulary."""

    PARAMETERS = specs.TransformSpec.PARAMETERS
    INPUTS: ClassVar = {
        **specs.TransformSpec.INPUTS,
        keys.VOCABULARY: ChannelParameter(type=Vocabulary),
    }
    OUTPUTS = specs.TransformSpec.OUTPUTS
    TYPE_ANNOTATION = specs.TransformSpec.TYPE_ANNOTATION


class TextTransform(base_beam_component.BaseBeamComponent):
    """Runs the task's preprocessing on every split.

    Outputs:
      transform_graph: The graph, and the vocabulary under `vocabulary/spiece.model`.
      transformed_examples: Token ids and targets.
    """

    SPEC_CLASS = TextTransformSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        schema: types.BaseChannel,
        vocabulary: types.BaseChannel,
        task: Mapping[str, Any],
        max_length: int,
        code_version: str,
    ) -> None:
        """Makes the component.

        Args:
          examples: tf.Examples of raw features.
          schema: Schema of the raw features.
          vocabulary: The SentencePiece model.
          task: The task section of the run config.
          max_length: Longest input of the model in tokens.
          code_version: Hash of the code that preprocesses; a change reruns the step.
        """
        custom_config = {
            transform.TASK: dict(task),
            transform.MAX_LENGTH: max_length,
            "code_version": code_version,
        }
        transformed_examples = types.Channel(type=standard_artifacts.Examples)
        transformed_examples.matching_channel_name = specs.EXAMPLES_KEY
        super().__init__(
            spec=TextTransformSpec(
                examples=examples,
                schema=schema,
                vocabulary=vocabulary,
                preprocessing_fn=f"{transform.__name__}.{transform.preprocessing_fn.__name__}",
                custom_config=json_utils.dumps(custom_config),
                force_tf_compat_v1=0,
                # The raw statistics are computed and judged before; there is no analyzer to cache.
                disable_statistics=1,
                transform_graph=types.Channel(type=standard_artifacts.TransformGraph),
                transformed_examples=transformed_examples,
            )
        )
