"""The example of docs/add-a-task.md: one module, from the rows of a file to served answers."""

import doctest
import importlib
import random
import sys
from pathlib import Path

import pytest
import yaml

import models.tasks
from pipeline.loading import load_config
from pipeline.run import run
from serving.predict import predict
from tests.docs.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "add-a-task.md"
MODULE = "models.tasks.share"


@pytest.fixture
def share(tmp_path, monkeypatch):
    """The example's module, in a folder of its own among the tasks."""
    source, example = blocks(PAGE, "python")
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "share.py").write_text(source.text, "utf-8")
    monkeypatch.setattr(models.tasks, "__path__", [*models.tasks.__path__, str(folder)])
    yield importlib.import_module(MODULE), example
    del sys.modules[MODULE]


def test_rows_are_read_as_the_page_says(share):
    module, example = share
    test = doctest.DocTestParser().get_doctest(
        example.text, vars(module) | {"Share": module.Share}, str(example), example.page, 0
    )
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert results.attempted
    assert not results.failed


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("share")
def test_nothing_else_is_needed_to_train_and_serve_it(tmp_path):
    draw = random.Random(0)
    for name, num_rows in (("train", 120), ("dev", 40)):
        words = [
            draw.choices(("open", "closed", "late", "early", "now"), k=4) for _ in range(num_rows)
        ]
        rows = [f"{' '.join(line)}\t{line.count('open') / 4}\n" for line in words]
        (tmp_path / f"{name}.tsv").write_text("text\tscore\n" + "".join(rows), "utf-8")
    config = {
        "name": "share",
        "output": str(tmp_path / "run"),
        "task": {"name": "share"},
        "ingest": {"train": str(tmp_path / "train.tsv"), "eval": str(tmp_path / "dev.tsv")},
        "vocabulary": {"size": 64},
        "model": {"size": "albert-tiny", "num_layers": 1, "max_length": 16},
        "train": {"steps": 6, "batch_size": 16, "eval_every": 3, "stop_when_stuck": False},
        "evaluate": {"thresholds": []},
        "serving_check": {"num_requests": 4, "max_latency_ms": 10_000},
    }
    path = tmp_path / "share.yaml"
    path.write_text(yaml.safe_dump(config), "utf-8")
    report = run(load_config(path))
    assert report.status == "published"
    assert report.verdict is not None
    assert {"pearson", "mse"} <= report.verdict.metrics["candidate"].keys()
    (answer,) = predict(Path(report.model_base), ["open now"])
    score = answer["score"]
    assert isinstance(score, float)
    assert 0.0 < score < 1.0
