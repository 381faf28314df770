"""Multiple choice on files in RACE's format, from articles to published answers."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.loading import load_config
from pipeline.report import RunReport
from pipeline.run import run
from serving.versions import live_version

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_NAMES = ("Ann", "Bob", "Cid", "Dan", "Eve")
_COLORS = ("red", "blue", "green", "white")
_CONFIG = {
    "name": "hats",
    "task": {"name": "multiple_choice", "max_qa_length": 16},
    "vocabulary": {"size": 120},
    "model": {
        "size": "albert-tiny",
        "num_layers": 1,
        "num_heads": 2,
        "hidden_dim": 32,
        "intermediate_dim": 64,
        "embedding_dim": 16,
        "max_length": 48,
    },
    "train": {"steps": 20, "batch_size": 16, "learning_rate": 1e-3},
    "evaluate": {"thresholds": [{"metric": "accuracy", "min": 0.0}]},
}


def _article(draw: random.Random, number: int, level: str) -> dict[str, object]:
    names = draw.sample(_NAMES, k=draw.choice([3, 4]))
    colors = draw.sample(_COLORS, k=len(names))
    answer = draw.randrange(len(names))
    return {
        "article": " ".join(f"{n} has a {c} hat." for n, c in zip(names, colors, strict=True)),
        "questions": [f"Who has a {colors[answer]} hat?", f"The {colors[answer]} hat is of _ ."],
        "options": [names, list(reversed(names))],
        "answers": ["ABCD"[answer], "ABCD"[len(names) - 1 - answer]],
        "id": f"{level}{number}.txt",
    }


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("race")


@pytest.fixture(scope="module")
def report(output: Path) -> RunReport:
    """The first run."""
    draw = random.Random(0)
    for split, count in (("train", 80), ("dev", 25)):
        for level in ("middle", "high"):
            folder = output / "RACE" / split / level
            folder.mkdir(parents=True)
            articles = [json.dumps(_article(draw, n, level)) for n in range(count)]
            (folder / "all.txt").write_text("\n".join(articles), "utf-8")
    ingest = {"train": f"{output}/RACE/train/*/*.txt", "eval": f"{output}/RACE/dev/*/*.txt"}
    path = output / "hats.yaml"
    path.write_text(yaml.safe_dump(_CONFIG | {"ingest": ingest, "output": str(output / "run")}))
    return run(load_config(path))


def test_the_model_is_measured_by_level_and_published(output: Path, report: RunReport) -> None:
    assert report.status == "published"
    assert live_version(output / "run" / "serving") == 1
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert set(metrics) == {"candidate", "overlap"}
    assert 0 <= metrics["candidate"]["accuracy"] <= 1
    slices = report.verdict.slices
    assert set(slices) == {
        "level=high",
        "level=middle",
        "num_options=3",
        "num_options=4",
        "question_length=1-8",
    }
    levels = [slices["level=high"], slices["level=middle"]]
    assert [level.num_rows for level in levels] == [50, 50]
    for model, values in metrics.items():
        accuracies = [level.values[model] or 0.0 for level in levels]
        assert sum(accuracies) / 2 == pytest.approx(values["accuracy"])


def test_answers_to_questions_of_unlike_many_options(output: Path, report: RunReport) -> None:
    assert report.status == "published"
    passage, question = "Ann has a red hat. Bob has a blue hat.", "Who has a red hat?"
    asked = [
        {"passage": passage, "question": question, "options": list(options)}
        for options in (("Ann", "Bob"), ("Bob", "Cid", "Ann"))
    ]
    base = str(output / "run" / "serving")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "predict", "--model-base", base],
        input="".join(json.dumps(row) + "\n" for row in asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 2
    for row, answer in zip(asked, answers, strict=True):
        assert answer["option"] == row["options"][answer["index"]]
        assert sum(answer["probabilities"]) == pytest.approx(1.0, abs=1e-5)
        assert not any(answer["probabilities"][len(row["options"]) :])
