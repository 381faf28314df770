"""`albert-tfx export`: a classifier that was fine-tuned elsewhere becomes a served version."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pipeline.code_version import code_version
from pipeline.console import make_console
from pipeline.predict import silence_libraries
from pipeline.weights import hub
from schemas import features as keys
from schemas.errors import UserError
from schemas.model_info import ModelInfo, write_model_info

if TYPE_CHECKING:
    from models.tasks.base import Task
    from models.weights.checkpoint import Checkpoint

MODEL_NAME = "albert"
_TASK = "classification"
_MAX_LENGTH = 512
_SEED = 0
_WARMUP_TEXTS = (1, 8)


def export_classifier(
    source: str,
    model_base: Path,
    *,
    labels: Sequence[str] = (),
    max_length: int | None = None,
    vocabulary: Path | None = None,
) -> int:
    """Publishes a fine-tuned classifier as the next version of a model base, without training.

    Args:
      source: Weights with a classifier: see `models.weights.sources.open_checkpoint`.
      model_base: Folder of the versions; made where it is missing.
      labels: The classifier's labels in the order of its outputs; none: those of the source.
      max_length: Longest input in tokens; None: as many as the weights have positions.
      vocabulary: SentencePiece model, where the source has none.

    Returns:
      The number of the new version.

    Raises:
      UserError: If the source has no such classifier, or the model base cannot be written.
      AlbertTfxError: If the exported model cannot be served; what is served stays as it was.
    """
    silence_libraries()
    from models.weights.preset import write_preset
    from models.weights.sources import open_checkpoint

    checkpoint = open_checkpoint(source, hub(), vocabulary=vocabulary)
    task = _task(checkpoint, labels)
    length = _length(checkpoint, max_length)
    with tempfile.TemporaryDirectory(prefix="albert-tfx-export-") as work_dir:
        preset, saved_model = Path(work_dir, "preset"), Path(work_dir, "model")
        preset.mkdir()
        relabelled = checkpoint.with_labels(task.labels)
        write_preset(relabelled, preset)
        info = _export(preset, saved_model, task, length, checkpoint.vocabulary)
        version = _publish(saved_model, model_base, info)
    make_console().print(
        f"version {version} of {model_base} answers with {', '.join(task.labels)}",
        soft_wrap=True,
        markup=False,
    )
    return version


def _task(checkpoint: Checkpoint, given: Sequence[str]) -> Task:
    """Returns the task that the source's classifier was fine-tuned for."""
    from models.tasks import create_task
    from models.weights.heads import CLASSIFIER

    heads, problem_type = checkpoint.info.heads, checkpoint.info.problem_type
    num_outputs = heads.get(CLASSIFIER, 0)
    if num_outputs < 2 or problem_type not in ("", "single_label_classification"):
        received = f"{', '.join(heads) or 'no head'}, {num_outputs} outputs"
        raise UserError(
            "the source must have a classifier that gives one of several labels; received "
            f"{received}{f', {problem_type}' if problem_type else ''}; export an "
            "AlbertForSequenceClassification, or fine-tune these weights with `albert-tfx run`"
        )
    labels = list(given) or list(checkpoint.info.labels)
    if len(labels) != num_outputs:
        raise UserError(
            f"--label must be given for each of the {num_outputs} outputs; received "
            f"{', '.join(labels)}; name them in the order of the outputs"
        )
    try:
        return create_task({"name": _TASK, "labels": labels})
    except ValidationError as error:
        raise UserError(f"{error.errors()[0]['msg']}; name them with --label") from error


def _length(checkpoint: Checkpoint, given: int | None) -> int:
    positions = checkpoint.architecture.max_positions
    if given is not None and not 8 <= given <= min(positions, _MAX_LENGTH):
        raise UserError(
            f"--max-length must be between 8 and {min(positions, _MAX_LENGTH)}, the positions of "
            f"the weights; received {given}; choose one of these"
        )
    return given or min(positions, _MAX_LENGTH)


def _export(
    preset: Path, directory: Path, task: Task, max_length: int, vocabulary: bytes
) -> ModelInfo:
    """Writes the SavedModel of a preset with a head, and returns what it says of itself."""
    from models.candidate import Candidate
    from models.config import ModelConfig
    from models.export import export_saved_model
    from models.precision import FLOAT32
    from models.tokenizer import AlbertTokenizer

    candidate = Candidate.build(
        task,
        ModelConfig(weights=str(preset), max_length=max_length),
        AlbertTokenizer(vocabulary),
        seed=_SEED,
        precision=FLOAT32,
    )
    info = ModelInfo(
        name=MODEL_NAME,
        task=task.name,
        labels=task.labels,
        max_length=max_length,
        code_version=code_version("models.weights", f"models.tasks.{task.name}"),
    )
    export_saved_model(str(directory), task, candidate.predict_function(), info)
    return info


def _publish(saved_model: Path, model_base: Path, info: ModelInfo) -> int:
    """Publishes a SavedModel that a server can load and that answers its warm-up requests."""
    from serving.fingerprint import model_fingerprint
    from serving.saved_model import LoadedModel
    from serving.versions import publish
    from serving.warmup import WarmupRequest, read_warmup, replay, write_warmup

    texts = [label.encode() for label in info.labels]
    requests = [
        WarmupRequest(keys.SERVING_DEFAULT, {keys.TEXT: (texts * size)[:size]})
        for size in _WARMUP_TEXTS
    ]
    now = datetime.datetime.now(datetime.timezone.utc)
    completed = {
        "fingerprint": model_fingerprint(saved_model),
        "published_at": now.isoformat(timespec="seconds"),
    }

    def complete(staged: Path, version: int) -> None:
        write_model_info(staged, info.model_copy(update={**completed, "version": version}))
        write_warmup(staged, requests, model_name=info.name)
        with LoadedModel.load(staged) as model:
            replay(model, read_warmup(staged))

    return publish(saved_model, model_base, complete)
