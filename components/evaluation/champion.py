"""The champion: the model that the candidate must not be worse than."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common.resolver import Resolver, ResolverStrategy
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from components.remote.files import local_folder
from schemas import features as keys
from serving.control.release import read_release
from serving.fingerprint import model_fingerprint
from serving.versions import list_versions

NODE_ID: Final = "Champion"
EVALUATE_ID: Final = "Evaluate"


class LatestBlessedOtherModel(ResolverStrategy):
    """Resolves the model that was blessed last, the candidate itself left out.

    TFX's own LatestBlessedModelStrategy takes the newest model that was ever blessed. On a rerun
    with nothing changed that is the candidate itself, which would then be evaluated against itself;
    and after A, B, A again it is B, although A was blessed last. Here

    - the candidate is left out, so a rerun has the same champion as the run before it, and its
      evaluation is cached;
    - models count in the order in which they were last blessed, a cached evaluation counting as
      one, as that is the order in which they were published;
    - models that were rolled back are left out: they are not live.
    """

    def __init__(self, model_base: str = "") -> None:
        """Takes where the models are published.

        Args:
          model_base: Folder of the versions; empty: nothing is rolled back.
        """
        self._model_base = model_base

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Returns the champion under `champion`, with its blessing; none where there is none."""
        candidates = {model.id for model in input_dict[keys.MODEL]}
        models = {
            model.id: model for model in input_dict[keys.CHAMPION] if model.id not in candidates
        }
        blessings = [
            blessing
            for blessing in input_dict[keys.BLESSING]
            if is_blessed(blessing) and _blessed_model_id(blessing) in models
        ]
        latest = _latest_output(store, blessings)
        rolled_back = _rolled_back(Path(self._model_base)) if self._model_base else frozenset()
        while (
            latest
            and rolled_back  # first: a fingerprint costs a download where the root is a bucket
            and _fingerprint(models[_blessed_model_id(latest)]) in rolled_back
        ):
            passed_over = _blessed_model_id(latest)
            blessings = [item for item in blessings if _blessed_model_id(item) != passed_over]
            latest = _latest_output(store, blessings)
        return {
            keys.MODEL: input_dict[keys.MODEL],
            keys.CHAMPION: [models[_blessed_model_id(latest)]] if latest else [],
            keys.BLESSING: [latest] if latest else [],
        }


def champion_resolver(candidate: types.OutputChannel, model_base: str = "") -> Resolver:
    """Makes the node that finds the champion of `candidate`.

    Only models of the candidate's own node count, never the baselines, and only blessings of
    `Evaluate`.

    Args:
      candidate: The candidate's Model channel.
      model_base: Folder of the versions, which knows what was rolled back.

    Returns:
      A node whose output `champion` holds one model, or none.
    """
    return Resolver(
        strategy_class=LatestBlessedOtherModel,
        config={"model_base": model_base},
        **{
            keys.MODEL: candidate,
            # Without its output key: TFX names a node's inputs by producer and output key, so this
            # channel (of every run) would be taken for the candidate's (of this run).
            keys.CHAMPION: types.Channel(
                type=standard_artifacts.Model,
                producer_component_id=candidate.producer_component_id,
            ),
            keys.BLESSING: types.Channel(
                type=standard_artifacts.ModelBlessing,
                producer_component_id=EVALUATE_ID,
                output_key=keys.BLESSING,
            ),
        },
    ).with_id(NODE_ID)


def is_blessed(blessing: types.Artifact) -> bool:
    """Returns whether a ModelBlessing is a positive one."""
    blessed = blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY)
    return blessed == constants.BLESSED_VALUE


def _rolled_back(model_base: Path) -> frozenset[str]:
    """Returns the fingerprints of the versions that were taken back and are still there."""
    release = read_release(model_base)
    versions = list_versions(model_base)
    taken_back = release.rolled_back if release else ()
    return frozenset(
        model_fingerprint(versions[number]) for number in taken_back if number in versions
    )


def _fingerprint(model: types.Artifact) -> str:
    with local_folder(model.uri) as folder:
        return model_fingerprint(Path(path_utils.serving_model_path(str(folder))))


def _blessed_model_id(blessing: types.Artifact) -> int:
    return blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)


def _latest_output(
    store: mlmd.MetadataStore, artifacts: Sequence[types.Artifact]
) -> types.Artifact | None:
    """Returns the artifact that an execution gave last, a cached execution included."""
    if not artifacts:
        return None
    by_id = {artifact.id: artifact for artifact in artifacts}
    event = max(
        (
            event
            for event in store.get_events_by_artifact_ids(list(by_id))
            if event.type == metadata_store_pb2.Event.OUTPUT
        ),
        key=lambda event: event.execution_id,
    )
    return by_id[event.artifact_id]
