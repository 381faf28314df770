"""Kubeflow and Vertex as a pipeline's backend: what runs leave lies in folders, no one asks MLMD.

Neither runs a resolver of our own; Vertex knows two of TFX's, which choose otherwise, and
Kubeflow's backend none at all. So plain components stand in their places, with the same ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tfx import types
from tfx.dsl.components.base.base_node import BaseNode

from components.evaluation.champion import NODE_ID as CHAMPION_ID
from components.evaluation.published import PublishedChampion
from components.validation.given_schema import GivenSchema
from components.validation.kept import KeptStatistics
from pipeline.config import RunConfig

SCHEMA_ID: Final = "ImportSchemaGen"
PREVIOUS_ID: Final = "PreviousStatistics"

UNCACHED: Final = frozenset({"Ingest", PREVIOUS_ID, "DataGate", CHAMPION_ID, "Publish"})
"""Nodes that read or write beside their artifacts: their inputs alone do not say what they do."""


class FolderBackend:
    """A place whose steps share folders."""

    files_are_here = False

    def __init__(self, config: RunConfig, run_id: str) -> None:
        """Makes the backend.

        Args:
          config: The config with the paths that steps see.
          run_id: What names the run, put in by the place itself.
        """
        self._config = config
        self._run_id = run_id

    @property
    def keep_statistics_in(self) -> str | None:
        """Folder of the statistics that passed the gate."""
        return str(self._config.output_dir / "statistics")

    def schema(self, schema_file: Path) -> BaseNode:
        """Makes the node that holds the schema itself."""
        return GivenSchema(text=schema_file.read_text("utf-8")).with_id(SCHEMA_ID)

    def previous_statistics(self, statistics: types.OutputChannel) -> BaseNode:
        """Makes the node that finds what the gate kept."""
        return KeptStatistics(
            statistics=statistics, kept_in=str(self.keep_statistics_in), run_id=self._run_id
        ).with_id(PREVIOUS_ID)

    def champion(self, candidate: types.OutputChannel, model_base: str) -> BaseNode:
        """Makes the node that finds what is live."""
        return PublishedChampion(
            model=candidate, model_base=model_base, run_id=self._run_id
        ).with_id(CHAMPION_ID)
