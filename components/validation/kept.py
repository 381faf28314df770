"""Statistics that passed the gate, kept in a folder: where no run can ask ML Metadata for them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar, Final

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.none_found import mark_none
from schemas import features as keys

_COMPLETE: Final = "split_names"
"""Written last, removed first: a folder without it is half a copy."""


def keep(statistics: types.Artifact, folder: Path) -> None:
    """Copies statistics to where later runs find them, in place of those of the same span."""
    kept = folder / f"{statistics.span:012d}"
    (kept / _COMPLETE).unlink(missing_ok=True)
    for split in artifact_utils.decode_split_names(statistics.split_names):
        name = f"Split-{split}"
        shutil.copytree(Path(statistics.uri, name), kept / name, dirs_exist_ok=True)
    (kept / _COMPLETE).write_text(statistics.split_names, "utf-8")


def latest_before(span: int, folder: Path) -> Path | None:
    """Returns the kept statistics of the latest span before `span`, or of the last run without.

    Args:
      span: The present span; 0 where the data has none.
      folder: Where `keep` keeps them.
    """
    kept = [int(file.parent.name) for file in folder.glob(f"*/{_COMPLETE}")]
    earlier = [number for number in kept if (number < span if span else number == 0)]
    return folder / f"{max(earlier):012d}" if earlier else None


class Executor(BaseExecutor):
    """Executor of `KeptStatistics`."""

    def Do(  # noqa: N802 - the name that TFX calls
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Copies what was kept into the output, or marks it as none."""
        self._log_startup(input_dict, output_dict, exec_properties)
        present = artifact_utils.get_single_instance(input_dict[keys.STATISTICS])
        output = artifact_utils.get_single_instance(output_dict[keys.PREVIOUS_STATISTICS])
        kept = latest_before(present.span, Path(exec_properties["kept_in"]))
        if kept is None:
            mark_none(output)
            return
        shutil.copytree(kept, output.uri, dirs_exist_ok=True)
        output.split_names = (kept / _COMPLETE).read_text("utf-8")
        output.span = int(kept.name)


class KeptStatisticsSpec(types.ComponentSpec):
    """Parameters, inputs and outputs of `KeptStatistics`."""

    PARAMETERS: ClassVar = {
        "kept_in": ExecutionParameter(type=str),
        "run_id": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        keys.STATISTICS: ChannelParameter(type=standard_artifacts.ExampleStatistics)
    }
    OUTPUTS: ClassVar = {
        keys.PREVIOUS_STATISTICS: ChannelParameter(type=standard_artifacts.ExampleStatistics)
    }


class KeptStatistics(base_component.BaseComponent):
    """Finds the statistics to compare the present ones with; in the place of the resolver.

    Outputs:
      previous_statistics: A copy of them; with the property `none_found` where there are none.
    """

    SPEC_CLASS = KeptStatisticsSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, statistics: types.BaseChannel, kept_in: str, run_id: str) -> None:
        """Makes the component.

        Args:
          statistics: The present statistics.
          kept_in: Folder of the kept ones.
          run_id: Differs in every run: what is kept changes, so this is never cached.
        """
        super().__init__(
            spec=KeptStatisticsSpec(
                statistics=statistics,
                kept_in=kept_in,
                run_id=run_id,
                previous_statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
            )
        )
