"""Runs TextTransform: TFX's Transform, told where the vocabulary is."""

from __future__ import annotations

import os
from typing import Any

from tfx import types
from tfx.components.transform import executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import json_utils

from models import transform
from schemas import features as keys


class Executor(executor.Executor):
    """Executor of `components.transform.component.TextTransform`."""

    def Do(  # noqa: N802 - the name is TFX's
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Transforms the examples, and puts the vocabulary beside the graph for the Trainer."""
        vocabulary_uri = artifact_utils.get_single_uri(input_dict[keys.VOCABULARY])
        vocabulary_file = os.path.join(vocabulary_uri, keys.VOCABULARY_FILE)
        custom_config = json_utils.loads(exec_properties[specs.CUSTOM_CONFIG_KEY])
        custom_config[transform.VOCABULARY_FILE] = vocabulary_file
        super().Do(
            input_dict,
            output_dict,
            exec_properties | {specs.CUSTOM_CONFIG_KEY: json_utils.dumps(custom_config)},
        )
        graph_uri = artifact_utils.get_single_uri(output_dict[specs.TRANSFORM_GRAPH_KEY])
        copy = transform.vocabulary_copy(graph_uri)
        fileio.makedirs(os.path.dirname(copy))
        fileio.copy(vocabulary_file, copy, overwrite=True)
