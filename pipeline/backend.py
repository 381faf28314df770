"""What a pipeline asks of the place it runs in: the schema, and what earlier runs have left."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tfx import types
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_node import BaseNode

from components.evaluation.champion import champion_resolver
from components.validation.previous import previous_statistics


class Backend(Protocol):
    """The nodes that differ by place; each keeps its id and outputs wherever it runs."""

    @property
    def files_are_here(self) -> bool:
        """Whether the files that the config names can be read while the pipeline is built."""
        ...

    @property
    def keep_statistics_in(self) -> str | None:
        """Folder that the data gate keeps statistics in; None where ML Metadata finds them."""
        ...

    def schema(self, schema_file: Path) -> BaseNode:
        """Makes the node `ImportSchemaGen` with the output `schema`."""
        ...

    def previous_statistics(self, statistics: types.OutputChannel) -> BaseNode:
        """Makes the node `PreviousStatistics` with the output of that name."""
        ...

    def champion(self, candidate: types.OutputChannel, model_base: str) -> BaseNode:
        """Makes the node `Champion` with the output `champion`, by what is live in `model_base`."""
        ...


class MetadataBackend:
    """A place whose files are this machine's, and whose ML Metadata can be asked."""

    files_are_here = True
    keep_statistics_in = None

    def schema(self, schema_file: Path) -> BaseNode:
        """Makes the node that imports the file."""
        return ImportSchemaGen(schema_file=str(schema_file))

    def previous_statistics(self, statistics: types.OutputChannel) -> BaseNode:
        """Makes the resolver of statistics that passed the gate."""
        return previous_statistics(statistics)

    def champion(self, candidate: types.OutputChannel, model_base: str) -> BaseNode:
        """Makes the resolver of the model that was blessed last and is not rolled back."""
        return champion_resolver(candidate, model_base)
