"""The TFX component that provides the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import Vocabulary
from components.vocabulary.executor import Executor, read_model_file
from models.config import VocabularyConfig
from schemas import features as keys


class VocabularySpec(types.ComponentSpec):
    """Inputs, outputs and parameters of `VocabularyTrainer`."""

    PARAMETERS: ClassVar = {
        "config": ExecutionParameter(type=str),
        "task": ExecutionParameter(type=str),
        "model_hash": ExecutionParameter(type=str),
        "code_version": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS: ClassVar = {keys.VOCABULARY: ChannelParameter(type=Vocabulary)}


class VocabularyTrainer(base_component.BaseComponent):
    """Trains a SentencePiece vocabulary on the training split, or takes a given one.

    Outputs:
      vocabulary: A folder with `spiece.model`.
    """

    SPEC_CLASS = VocabularySpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        config: VocabularyConfig,
        task: Mapping[str, Any],
        code_version: str,
        file_is_here: bool = True,
    ) -> None:
        """Makes the component.

        Args:
          examples: tf.Examples of raw features, with a train split.
          config: A file to take, or how to train.
          task: The task section of the run config.
          code_version: Hash of the code that trains; a change reruns the step.
          file_is_here: Whether the file of `config` can be read now, or only by the step.

        Raises:
          UserError: If the file of `config` cannot be read or is no ALBERT vocabulary.
        """
        # A parameter, so that a changed file of the same name reruns the step.
        given = config.model if file_is_here else None
        model_hash = "" if given is None else read_model_file(given).hash
        super().__init__(
            spec=VocabularySpec(
                examples=examples,
                config=config.model_dump_json(),
                task=json.dumps(task, sort_keys=True),
                model_hash=model_hash,
                code_version=code_version,
                vocabulary=types.Channel(type=Vocabulary),
            )
        )
