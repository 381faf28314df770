"""A domain corpus end to end: pretrain on it, fine-tune on the weights, in one command.

Its documents are about one of two fields, each with words of its own. The labelled rows name the
field, with a quarter of its words; the dev rows have the others. What these mean can only be known
from the corpus.
"""

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from pipeline.report import RunReport, read_report
from serving.predict import predict
from serving.versions import live_version

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

_ALBERT_TFX = (sys.executable, "-m", "pipeline.cli")
_ROOT = Path(__file__).parents[2]
_NUM_WORDS, _NUM_LABELLED = 20, 5
"""Of a field."""

_PRETRAIN = {
    "name": "corpus",
    "task": {"name": "pretraining"},
    "ingest": {"train": "corpus.txt", "eval_fraction": 0.1, "passage_length": 120},
    "vocabulary": {"size": 200},
    "model": {
        "size": "albert-tiny",
        "num_layers": 1,
        "hidden_dim": 64,
        "intermediate_dim": 128,
        "embedding_dim": 64,
        "num_heads": 2,
        "max_length": 32,
        "initializer_range": 0.05,
    },
    "train": {"optimizer": "adamw", "learning_rate": 3e-3, "batch_size": 32, "epochs": 40},
    "evaluate": {"thresholds": []},
    "serving_check": {"max_latency_ms": 10_000},
}
_FINE_TUNE = {
    "name": "fields",
    "task": {"name": "classification", "labels": ["0", "1"]},
    "ingest": {"train": "train.tsv", "eval": "dev.tsv"},
    "model": {"max_length": 32},
    "train": {"learning_rate": 1e-3, "batch_size": 16, "epochs": 6},
    "baselines": {"include": ["tfidf"]},
    "evaluate": {"thresholds": []},
    "serving_check": {"max_latency_ms": 10_000},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of `albert-tfx run pretrain.yaml --then finetune.yaml`."""
    folder = tmp_path_factory.mktemp("domain")
    draw = random.Random(0)
    syllables = ["".join(pair) for pair in itertools.product("bdfgklmnprst", "aeiou")]
    words = ["".join(pair) for pair in itertools.product(syllables, repeat=2)]
    fields = [draw.sample(words[start::2], _NUM_WORDS) for start in (0, 1)]

    def sentence(words: Sequence[str]) -> str:
        return " ".join(draw.choices(words, k=draw.randint(4, 7))).capitalize() + "."

    documents = ["\n".join(sentence(fields[at % 2]) for _ in range(3)) for at in range(600)]
    single = sentence(fields[0])
    (folder / "corpus.txt").write_text("\n\n".join([*documents, single]) + "\n", "utf-8")
    shown, hidden = slice(_NUM_LABELLED), slice(_NUM_LABELLED, None)
    for name, num_rows, part in (("train", 120, shown), ("dev", 200, hidden)):
        rows = "".join(f"{sentence(fields[at % 2][part])}\t{at % 2}\n" for at in range(num_rows))
        (folder / f"{name}.tsv").write_text(f"text\tlabel\n{rows}", "utf-8")
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
    (answer,) = predict(folder / "runs" / "corpus" / "serving", ["Baba [MASK] bebe."])
    assert len(answer["tokens"]) == 1


def test_fine_tuning_starts_from_its_weights(folder: Path) -> None:
    assert live_version(folder / "runs" / "fields" / "serving") == 1
    report = _report(folder, "fields")
    config = yaml.safe_load(
        (folder / "runs" / "fields" / "runs" / report.run_id / "config.yaml").read_text("utf-8")
    )
    weights = Path(config["model"]["weights"])
    assert weights.is_relative_to(folder / "runs" / "corpus")
    saved = json.loads((weights / "config.json").read_text("utf-8"))
    assert saved["config"]["hidden_dim"] == 64


def test_what_was_pretrained_knows_words_that_no_label_was_given_for(folder: Path) -> None:
    verdict = _report(folder, "fields").verdict
    assert verdict is not None
    metrics = verdict.metrics
    assert metrics["tfidf"]["accuracy"] < 0.6  # of the labelled rows alone there is nothing to know
    assert metrics["candidate"]["accuracy"] > 0.9
