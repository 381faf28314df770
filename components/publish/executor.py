"""Publishes a blessed model as the next version, unless it is live already."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from absl import logging
from tfx import types
from tfx.components.util import model_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.thresholds import CANDIDATE
from components.evaluation.verdict import Verdict
from components.publish.config import PublishConfig
from components.publish.publication import Publication
from components.publish.serving_files import write_serving_files
from components.publish.warmup import BATCH_SIZES, add_warmup
from components.raw_examples import RawExample, read_raw_examples, read_serialized
from components.remote.mirror import Mirror
from components.serving_check.result import ServingCheckResult
from schemas import features as keys
from schemas.model_info import ModelInfo, read_model_info, write_model_info
from serving.control.changes import name_release, promote
from serving.control.pruning import prune
from serving.control.release import read_release
from serving.fingerprint import model_fingerprint
from serving.served_graph import text_inputs
from serving.versions import list_versions, live_version, publish

if TYPE_CHECKING:
    from components.drift.profile import Profile

PUSHED_PROPERTY: Final = "pushed"
DESTINATION_PROPERTY: Final = "pushed_destination"
VERSION_PROPERTY: Final = "pushed_version"
"""Properties of TFX's own Pusher; private constants there."""

Artifacts = Mapping[str, Sequence[types.Artifact]]


class Executor(BaseExecutor):
    """Executor of `Publish`."""

    def Do(  # noqa: N802 - the name that TFX calls
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Publishes the model where both blessings are positive, and records what was done.

        Raises:
          UserError: If the model base cannot be written; what is served stays as it was.
          AlbertTfxError: If the copy does not load or fails a warm-up request; likewise.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        model_base = Path(exec_properties["model_base"])
        reasons = refusals(input_dict)
        if reasons:
            publication = Publication(
                status="refused",
                reasons=tuple(reasons),
                model_base=str(model_base),
                live_version=live_version(model_base),
            )
        else:
            publication = publish_model(
                input_dict,
                model_base,
                PublishConfig.model_validate_json(exec_properties["config"]),
                exec_properties["run_id"],
                remote_base=exec_properties["remote_base"] or None,
            )
        _record(publication, artifact_utils.get_single_instance(output_dict[keys.PUSHED_MODEL]))


def refusals(inputs: Artifacts) -> list[str]:
    """Returns why the candidate must not be published, a sentence each; none where it may."""
    reasons = []
    if not model_utils.is_model_blessed(inputs[keys.BLESSING][0]):
        reasons += [
            f"evaluation: {reason.sentence}"
            for reason in _verdict(inputs).reasons
            if reason.outcome == "fail"
        ]
    if not model_utils.is_infra_validated(inputs[keys.SERVING_BLESSING][0]):
        failures = _serving_check(inputs).failures
        reasons += [f"serving check: {failure}" for failure in failures]
    return reasons


def publish_model(
    inputs: Artifacts,
    model_base: Path,
    config: PublishConfig,
    run_id: str,
    *,
    remote_base: str | None = None,
) -> Publication:
    """Publishes the candidate, unless it is live already or was rolled back, and makes it live.

    Args:
      inputs: The step's input artifacts.
      model_base: Folder of the versions.
      config: Number of warm-up requests, whether it goes live, how many versions stay.
      run_id: The run that publishes, written into the version.
      remote_base: Folder on a bucket that `model_base` is the mirror of; None: none.

    Raises:
      UserError: If the model base cannot be written.
      AlbertTfxError: If the copy does not load or fails a warm-up request.
    """
    source = Path(path_utils.serving_model_path(inputs[keys.MODEL][0].uri))
    fingerprint = model_fingerprint(source)
    versions = list_versions(model_base)
    for version in _not_again(model_base):
        if version in versions and model_fingerprint(versions[version]) == fingerprint:
            return _publication("up_to_date", model_base, version)
    info = _completed_info(source, inputs, run_id=run_id, fingerprint=fingerprint)
    rows = _warmup_rows(inputs, config.warmup_requests)
    profile = _training_profile(source, inputs)

    def complete(staged: Path, version: int) -> None:
        write_model_info(staged, info.model_copy(update={"version": version}))
        add_warmup(staged, rows, config.warmup_requests)
        if profile is not None:
            profile.write(staged)

    if config.promote == "manual" and versions:
        name_release(model_base, base_path=remote_base)
    version = publish(source, model_base, complete)
    if config.promote == "auto" or not versions:
        _make_live(model_base, version, run_id)
    write_serving_files(model_base, _serving_check(inputs).figures, base_path=remote_base)
    _remove_old(model_base, config.keep)
    if remote_base is not None:
        Mirror(remote_base, model_base).push()
    return _publication("published", model_base, version)


def _not_again(model_base: Path) -> list[int]:
    """Returns the versions whose model is not published once more: live, or rolled back."""
    live = live_version(model_base)
    release = read_release(model_base)
    rolled_back = release.rolled_back if release else ()
    return [*([live] if live is not None else []), *rolled_back]


def _remove_old(model_base: Path, keep: int) -> None:
    """Removes old versions; one that cannot be removed does not undo what is published."""
    try:
        prune(model_base, keep)
    except OSError as error:
        logging.warning("old versions of %s are not all removed: %s", model_base, error)


def _make_live(model_base: Path, version: int, run_id: str) -> None:
    """Promotes `version` where what is live is written down; elsewhere the highest is live."""
    if read_release(model_base) is not None:
        promote(model_base, version, action="publish", by="publish", reason=f"run {run_id}")


def _completed_info(source: Path, inputs: Artifacts, *, run_id: str, fingerprint: str) -> ModelInfo:
    """Returns the model's record with what only this step knows, but for the version."""
    info = read_model_info(source)
    if info is None:
        raise ValueError(f"only a model with a record can be published; {source} holds none")
    measured = _verdict(inputs).metrics.get(CANDIDATE, {})
    now = datetime.datetime.now(datetime.timezone.utc)
    return info.model_copy(
        update={
            "metrics": {name: value for name, value in measured.items() if value is not None},
            "fingerprint": fingerprint,
            "run_id": run_id,
            "published_at": now.isoformat(timespec="seconds"),
        }
    )


def _verdict(inputs: Artifacts) -> Verdict:
    text = Path(inputs[keys.EVALUATION][0].uri, keys.VERDICT_FILE).read_text("utf-8")
    return Verdict.model_validate_json(text)


def _serving_check(inputs: Artifacts) -> ServingCheckResult:
    text = Path(inputs[keys.SERVING_BLESSING][0].uri, keys.SERVING_CHECK_FILE).read_text("utf-8")
    return ServingCheckResult.model_validate_json(text)


def _training_profile(source: Path, inputs: Artifacts) -> Profile | None:
    """Returns what drift is measured against; None for a model without a vocabulary of its own."""
    from components.drift.profile import SAMPLED_ROWS, make_profile
    from components.drift.rows import row_of_example, sample
    from models.candidate import PRESET_VOCABULARY_FILE

    vocabulary = Path(inputs[keys.MODEL][0].uri, keys.PRESET_FOLDER, PRESET_VOCABULARY_FILE)
    if not vocabulary.is_file():
        return None
    texts = text_inputs(source)
    rows = sample(read_serialized(inputs[keys.EXAMPLES], keys.TRAIN), SAMPLED_ROWS)
    return make_profile([row_of_example(row, texts) for row in rows], vocabulary.read_bytes())


def _warmup_rows(inputs: Artifacts, num_requests: int) -> list[RawExample]:
    """Returns as many rows as the warm-up requests can use."""
    examples = read_raw_examples(inputs[keys.EXAMPLES], keys.EVAL)
    return list(islice(examples, num_requests * max(BATCH_SIZES)))


def _publication(
    status: Literal["published", "up_to_date"], model_base: Path, version: int
) -> Publication:
    return Publication(
        status=status,
        model_base=str(model_base),
        version=version,
        path=str(model_base / str(version)),
        live_version=live_version(model_base),
    )


def _record(publication: Publication, pushed: types.Artifact) -> None:
    """Writes the record, and the properties of TFX's own Pusher."""
    Path(pushed.uri, keys.PUBLICATION_FILE).write_text(
        publication.model_dump_json(indent=2) + "\n", "utf-8"
    )
    pushed.set_int_custom_property(PUSHED_PROPERTY, int(publication.version is not None))
    if publication.version is not None:
        pushed.set_string_custom_property(DESTINATION_PROPERTY, publication.path)
        pushed.set_string_custom_property(VERSION_PROPERTY, str(publication.version))
