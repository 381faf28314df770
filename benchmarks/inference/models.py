"""Prepares the models of the inference benchmark: the same random weights for every side."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path

import keras

from benchmarks.biases import draw_biases
from benchmarks.inference.workload import LABELS, SAVED_MODELS, TEXTS_FILE, TRANSFORMERS_FOLDER
from models.candidate import Candidate
from models.config import ModelConfig, VocabularyConfig
from models.export import export_saved_model
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from models.vocabulary import train_vocabulary
from models.weights.hub import Hub
from models.weights.hugging_face_export import write_hugging_face
from models.weights.sources import open_checkpoint
from schemas.model_info import ModelInfo

PIECES = 8_000
MAX_LENGTH = 128
_SPREAD = 4.0
"""The head's random weights are multiplied by this, so that answers differ from text to text."""


def main(folder: Path, data: Path, size: str) -> None:
    """Writes a prepared folder.

    Args:
      folder: Made here.
      data: Holds `train.tsv`, for the vocabulary, and `dev.tsv`, the texts to ask.
      size: A name of models.presets.
    """
    folder.mkdir(parents=True)
    vocabulary = train_vocabulary(_texts(data / "train.tsv"), VocabularyConfig(size=PIECES))
    task = create_task({"name": "classification", "labels": list(LABELS)})
    config = ModelConfig(size=size, max_length=MAX_LENGTH)
    tokenizer = AlbertTokenizer(vocabulary)
    candidate = Candidate.build(task, config, tokenizer, seed=1, precision="float32")
    draw_biases(candidate.model)
    head = candidate.model.get_layer("logits")
    assert isinstance(head, keras.layers.Dense)
    head.kernel.assign(head.kernel * _SPREAD)
    for precision in SAVED_MODELS:
        served = Candidate(
            **{**vars(candidate), "config": _serving(config, precision)}
        ).predict_function()
        info = ModelInfo(name=size, task=task.name, labels=LABELS, max_length=MAX_LENGTH)
        export_saved_model(str(folder / precision), task, served, info)
    _write_transformers(candidate, vocabulary, folder / TRANSFORMERS_FOLDER)
    texts = json.dumps(_texts(data / "dev.tsv"))
    (folder / TEXTS_FILE).write_text(texts, "utf-8")


def _serving(config: ModelConfig, precision: str) -> ModelConfig:
    return ModelConfig.model_validate({**config.model_dump(), "serving_precision": precision})


def _write_transformers(candidate: Candidate, vocabulary: bytes, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as work_dir:
        model = Path(work_dir, "spiece.model")
        model.write_bytes(vocabulary)
        candidate.save_preset(str(Path(work_dir, "preset")), str(model))
        checkpoint = open_checkpoint(str(Path(work_dir, "preset")), Hub(cache=Path(work_dir)))
        folder.mkdir()
        write_hugging_face(checkpoint, folder)


def _texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [row[0] for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
