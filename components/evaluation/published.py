"""The champion by the model base: what is live, where no run can ask ML Metadata for it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.utils import path_utils

from components.none_found import mark_none
from schemas import features as keys
from serving.control.release import read_release
from serving.fingerprint import model_fingerprint
from serving.versions import list_versions, live_version


def published_champion(model_base: Path, candidate: str) -> Path | None:
    """Returns the folder of the live version, or of the one before where that is the candidate.

    Without this rule a rerun, whose candidate went live before, would be measured against itself.

    Args:
      model_base: Folder of the versions.
      candidate: Fingerprint of the candidate.
    """
    versions = list_versions(model_base)
    release = read_release(model_base)
    live = live_version(model_base)
    lower = [number for number in sorted(versions, reverse=True) if number < (live or 0)]
    taken_back = release.rolled_back if release else ()
    loaded = [release.previous] if release and release.previous not in (None, *taken_back) else []
    before = loaded or [number for number in lower if number not in taken_back]
    return next(
        (
            versions[number]
            for number in (live, *before)
            if number in versions and model_fingerprint(versions[number]) != candidate
        ),
        None,
    )


class Executor(BaseExecutor):
    """Executor of `PublishedChampion`."""

    def Do(  # noqa: N802 - the name that TFX calls
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Copies the champion into the output, or marks it as none."""
        self._log_startup(input_dict, output_dict, exec_properties)
        candidate = artifact_utils.get_single_instance(input_dict[keys.MODEL])
        output = artifact_utils.get_single_instance(output_dict[keys.CHAMPION])
        fingerprint = model_fingerprint(Path(path_utils.serving_model_path(candidate.uri)))
        champion = published_champion(Path(exec_properties["model_base"]), fingerprint)
        if champion is None:
            mark_none(output)
            return
        shutil.copytree(champion, path_utils.serving_model_dir(output.uri), dirs_exist_ok=True)


class PublishedChampionSpec(types.ComponentSpec):
    """Parameters, inputs and outputs of `PublishedChampion`."""

    PARAMETERS: ClassVar = {
        "model_base": ExecutionParameter(type=str),
        "run_id": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {keys.MODEL: ChannelParameter(type=standard_artifacts.Model)}
    OUTPUTS: ClassVar = {keys.CHAMPION: ChannelParameter(type=standard_artifacts.Model)}


class PublishedChampion(base_component.BaseComponent):
    """Finds the model that the candidate must not be worse than; in the place of the resolver.

    Outputs:
      champion: A copy of it; with the property `none_found` where nothing was published yet.
    """

    SPEC_CLASS = PublishedChampionSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, model: types.BaseChannel, model_base: str, run_id: str) -> None:
        """Makes the component.

        Args:
          model: The candidate.
          model_base: Folder of the versions.
          run_id: Differs in every run: what is live changes, so this is never cached.
        """
        super().__init__(
            spec=PublishedChampionSpec(
                model=model,
                model_base=model_base,
                run_id=run_id,
                champion=types.Channel(type=standard_artifacts.Model),
            )
        )
