"""A domain corpus end to end: pretrain on it, fine-tune on the weights, in one command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.report import RunReport, read_report
from serving.predict import predict
from serving.versions import live_version

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

_ALBERT_TFX = (sys.executable, "-m", "pipeline.cli")
_ROOT = Path(__file__).parents[2]
_NOUNS = ("film", "play", "song", "book", "show")
_WORDS = {"good": ("fine", "warm", "funny", "great"), "bad": ("dull", "long", "poor", "cold")}

_PRETRAIN = {
    "name": "corpus",
    "task": {"name": "pretraining"},
    "ingest": {"train": "corpus.txt", "eval_fraction": 0.2, "passage_length": 120},
    "vocabulary": {"size": 200},
    "model": {
        "size": "albert-tiny",
        "num_layers": 1,
        "hidden_dim": 32,
        "num_heads": 2,
        "max_length": 32,
    },
    "train": {"steps": 6, "batch_size": 8, "eval_every": 3},
    "evaluate": {"thresholds": []},
    "serving_check": {"max_latency_ms": 10_000},
}
_FINE_TUNE = {
    "name": "reviews",
    "task": {"name": "classification", "labels": ["bad", "good"]},
    "ingest": {"train": "reviews.tsv", "eval_fraction": 0.2},
    "model": {"max_length": 32},
    "train": {"steps": 4, "batch_size": 8, "eval_every": 2},
    "baselines": {"include": ["majority"]},
    "evaluate": {"thresholds": []},
    "serving_check": {"max_latency_ms": 10_000},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of `albert-tfx run pretrain.yaml --then finetune.yaml`."""
    folder = tmp_path_factory.mktemp("domain")
    sentences = [
        (f"The {noun} of day {day} was {word}.", label)
        for day in range(4)
        for noun in _NOUNS
        for label, words in _WORDS.items()
        for word in words
    ]
    documents = ["\n".join(text for text, _ in sentences[at : at + 4]) for at in range(0, 160, 4)]
    single = "Only one sentence, all alone."
    (folder / "corpus.txt").write_text("\n\n".join([*documents, single]) + "\n", "utf-8")
    rows = "".join(f"{text}\t{label}\n" for text, label in sentences)
    (folder / "reviews.tsv").write_text(f"text\tlabel\n{rows}", "utf-8")
    for name, config in (("pretrain", _PRETRAIN), ("finetune", _FINE_TUNE)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config), "utf-8")
    command = [*_ALBERT_TFX, "run", "pretrain.yaml", "--then", "finetune.yaml"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def _report(folder: Path, name: str) -> RunReport:
    return read_report(folder / "runs" / name / "run.json")


def test_the_pretrained_model_is_published_and_fills_in_masks(folder: Path) -> None:
    report = _report(folder, "corpus")
    assert report.status == "published"
    assert report.training is not None
    assert {"mlm_accuracy", "sop_accuracy", "val_mlm_loss"} <= report.training["history"][0].keys()
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert metrics["candidate"].keys() >= {"mlm_accuracy", "mlm_top_k", "sop_accuracy"}
    assert 0.0 < metrics["unigram"]["mlm_accuracy"] < 1.0
    features = {name.partition("=")[0] for name in report.verdict.slices}
    assert features == {"sentences", "length_bucket"}
    (answer,) = predict(folder / "runs" / "corpus" / "serving", ["The film was [MASK]."])
    assert len(answer["tokens"]) == 1


def test_fine_tuning_starts_from_its_weights(folder: Path) -> None:
    assert live_version(folder / "runs" / "reviews" / "serving") == 1
    report = _report(folder, "reviews")
    config = yaml.safe_load(
        (folder / "runs" / "reviews" / "runs" / report.run_id / "config.yaml").read_text("utf-8")
    )
    weights = Path(config["model"]["weights"])
    assert weights.is_relative_to(folder / "runs" / "corpus")
    saved = json.loads((weights / "config.json").read_text("utf-8"))
    assert saved["config"]["hidden_dim"] == 32
