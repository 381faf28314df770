"""`albert-tfx export`: a model that was fine-tuned elsewhere becomes a served version."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.code_version import code_version
from pipeline.console import make_console
from pipeline.export_config import check_export, read_overrides
from pipeline.weights import hub
from schemas import features as keys
from schemas.errors import UserError
from schemas.model_info import ModelInfo, write_model_info
from serving.columns import columns
from serving.quiet import silence_libraries

if TYPE_CHECKING:
    import tensorflow as tf

    from models.config import ModelConfig
    from models.tasks.base import Task
    from models.weights.checkpoint import Checkpoint, WeightsInfo
    from serving.warmup import WarmupRequest

MODEL_NAME = "albert"
_MAX_LENGTH = 512
_SEED = 0
_WARMUP_TEXTS = (1, 8)
_WARMUP_OPTIONS = (b"a short text", b"another one")


def export_fine_tuned(
    source: str,
    model_base: Path,
    *,
    labels: Sequence[str] = (),
    max_length: int | None = None,
    vocabulary: Path | None = None,
    pair: bool = False,
    overrides: Sequence[str] = (),
) -> int:
    """Publishes a fine-tuned model as the next version of a model base, without training.

    Args:
      source: Weights with a head: see `models.weights.sources.open_checkpoint`.
      model_base: Folder of the versions; made where it is missing.
      labels: Labels or tags in the order of the head's outputs; none: those of the source.
      max_length: Longest input in tokens; None: as many as the weights have positions.
      vocabulary: SentencePiece model, where the source has none.
      pair: Whether a classifier was fine-tuned on two texts a row, which no source says.
      overrides: `key=value` texts: options of the task, and `model.serving_precision`.

    Returns:
      The number of the new version.

    Raises:
      UserError: If the source has no head that a task answers with, an option is wrong, or the
        model base cannot be written.
      AlbertTfxError: If the exported model cannot be served; what is served stays as it was.
    """
    silence_libraries()
    from models.config import ModelConfig
    from models.tasks import create_task
    from models.weights.preset import write_preset
    from models.weights.sources import open_checkpoint

    given = read_overrides(overrides)
    checkpoint = open_checkpoint(source, hub(), vocabulary=vocabulary)
    checkpoint = checkpoint.with_labels(tuple(labels) or checkpoint.info.labels)
    config = check_export(given, _task_section(checkpoint.info, pair=pair), source=source)
    task = create_task(config.task)
    length = _length(checkpoint, max_length)
    with tempfile.TemporaryDirectory(prefix="albert-tfx-export-") as work_dir:
        preset, saved_model = Path(work_dir, "preset"), Path(work_dir, "model")
        preset.mkdir()
        write_preset(checkpoint.arranged(task.labels), preset)
        model = ModelConfig(
            weights=str(preset),
            max_length=length,
            serving_precision=config.model.serving_precision,
        )
        info = _export(saved_model, task, model, checkpoint.vocabulary)
        version = _publish(saved_model, model_base, info)
    make_console().print(
        f"version {version} of {model_base} answers {_described(task)}",
        soft_wrap=True,
        markup=False,
    )
    return version


def _task_section(info: WeightsInfo, *, pair: bool) -> dict[str, Any]:
    """Returns what a source says of the task that it was fine-tuned for."""
    from models.tasks import task_class, task_names
    from models.weights.heads import LABELLED

    num_outputs = next((info.heads[head] for head in LABELLED if head in info.heads), 0)
    if num_outputs > 1 and len(info.labels) != num_outputs:
        raise UserError(
            f"--label must be given for each of the {num_outputs} outputs; received "
            f"{', '.join(info.labels)}; name them in the order of the outputs"
        )
    found = {
        name: task_class(name).options_for(info.heads, info.labels, info.problem_type)
        for name in task_names()
    }
    task = next(({"name": name, **one} for name, one in found.items() if one is not None), None)
    if task is None:
        received = ", ".join(f"{head} of {count} outputs" for head, count in info.heads.items())
        raise UserError(
            "the source must have a head that a task here answers with; received "
            f"{received or 'no head'}{f', {info.problem_type}' if info.problem_type else ''}; "
            "export an AlbertForSequenceClassification or another fine-tuned class, or fine-tune "
            "these weights with `albert-tfx run`"
        )
    if pair and "pair" not in task_class(task["name"]).Options.model_fields:
        raise UserError(f"--pair is for texts with a label or a score; received {task['name']}")
    return {**task, "pair": True} if pair else task


def _described(task: Task) -> str:
    return f"with {', '.join(task.labels)}" if task.labels else f"as {task.name}"


def _length(checkpoint: Checkpoint, given: int | None) -> int:
    positions = checkpoint.architecture.max_positions
    if given is not None and not 8 <= given <= min(positions, _MAX_LENGTH):
        raise UserError(
            f"--max-length must be between 8 and {min(positions, _MAX_LENGTH)}, the positions of "
            f"the weights; received {given}; choose one of these"
        )
    return given or min(positions, _MAX_LENGTH)


def _export(directory: Path, task: Task, model: ModelConfig, vocabulary: bytes) -> ModelInfo:
    """Writes the SavedModel of a preset with a head, and returns what it says of itself."""
    from models.candidate import Candidate
    from models.export import export_saved_model
    from models.precision import FLOAT32
    from models.tokenizer import AlbertTokenizer

    candidate = Candidate.build(
        task, model, AlbertTokenizer(vocabulary), seed=_SEED, precision=FLOAT32
    )
    info = ModelInfo(
        name=MODEL_NAME,
        task=task.name,
        labels=task.labels,
        max_length=model.max_length,
        code_version=code_version("models.weights", f"models.tasks.{task.name}"),
    )
    export_saved_model(str(directory), task, candidate.predict_function(), info)
    return info


def _publish(saved_model: Path, model_base: Path, info: ModelInfo) -> int:
    """Publishes a SavedModel that a server can load and that answers its warm-up requests."""
    from serving.fingerprint import model_fingerprint
    from serving.saved_model import LoadedModel
    from serving.versions import publish
    from serving.warmup import read_warmup, replay, write_warmup

    now = datetime.datetime.now(datetime.timezone.utc)
    completed = {
        "fingerprint": model_fingerprint(saved_model),
        "published_at": now.isoformat(timespec="seconds"),
    }

    def complete(staged: Path, version: int) -> None:
        write_model_info(staged, info.model_copy(update={**completed, "version": version}))
        with LoadedModel.load(staged) as model:
            requests = [_warmup_request(model.inputs(), size) for size in _WARMUP_TEXTS]
            write_warmup(staged, requests, model_name=info.name)
            replay(model, read_warmup(staged))

    return publish(saved_model, model_base, complete)


def _warmup_request(inputs: Mapping[str, tf.TensorSpec], num_rows: int) -> WarmupRequest:
    """Returns a request with the same short text everywhere."""
    from serving.warmup import WarmupRequest

    row = {
        name: _WARMUP_OPTIONS if spec.shape.rank == 2 else _WARMUP_OPTIONS[0]
        for name, spec in inputs.items()
    }
    return WarmupRequest(keys.SERVING_DEFAULT, columns([row] * num_rows))
