"""A schema that travels as text in the pipeline itself: where a step cannot read its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from schemas import features as keys

SCHEMA_FILE: Final = "schema.pbtxt"


class Executor(BaseExecutor):
    """Executor of `GivenSchema`."""

    def Do(  # noqa: N802 - the name that TFX calls
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the schema."""
        self._log_startup(input_dict, output_dict, exec_properties)
        folder = Path(artifact_utils.get_single_uri(output_dict[keys.SCHEMA]))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SCHEMA_FILE).write_text(exec_properties["text"], "utf-8")


class GivenSchemaSpec(types.ComponentSpec):
    """Parameters and outputs of `GivenSchema`."""

    PARAMETERS: ClassVar = {"text": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {}
    OUTPUTS: ClassVar = {keys.SCHEMA: ChannelParameter(type=standard_artifacts.Schema)}


class GivenSchema(base_component.BaseComponent):
    """Makes the curated schema from its text; in the place of ImportSchemaGen.

    Outputs:
      schema: A folder with `schema.pbtxt`.
    """

    SPEC_CLASS = GivenSchemaSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, text: str) -> None:
        """Makes the component.

        Args:
          text: The schema, a TFMD schema as protobuf text.
        """
        super().__init__(
            spec=GivenSchemaSpec(text=text, schema=types.Channel(type=standard_artifacts.Schema))
        )
