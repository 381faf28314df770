"""Three spans through the watcher at a tiny size: one run is killed, one span is poisoned."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.config import RunConfig
from pipeline.loading import check_config, load_config
from pipeline.run import run
from pipeline.watch.rounds import Round, RoundFolder
from pipeline.watch.watcher import Watcher
from serving.versions import list_versions, live_version
from tests.models.tiny_training import MODEL, TASK, texts

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

_LABELS = ("bad", "good", "mixed")


def _write(path: Path, num_rows: int, seed: int, labels: tuple[str, ...] = _LABELS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{text}\t{labels[label]}" for text, label in texts(num_rows, seed=seed)]
    path.write_text("\n".join(["text\tlabel", *lines]) + "\n", "utf-8")


def _config(folder: Path) -> RunConfig:
    accuracy = {"metric": "accuracy", "min": 0.6}
    no_worse = {"metric": "accuracy", "over": "champion", "min": -0.05}
    values = {
        "name": "spans",
        "output": str(folder / "out"),
        "task": TASK,
        "ingest": {
            "train": str(folder / "day-{SPAN}" / "train.tsv"),
            "test": str(folder / "test.tsv"),
        },
        "vocabulary": {"size": 90},
        "model": MODEL.model_dump(exclude_defaults=True),
        "train": {
            "learning_rate": 5e-3,
            "batch_size": 16,
            "steps": 120,
            "precision": "float32",
            "stop_when_stuck": False,
        },
        "baselines": {"include": []},
        "serving_check": {"num_requests": 4, "max_latency_ms": 10_000},
        "publish": {"warmup_requests": 1},
        "evaluate": {"thresholds": [accuracy, no_worse]},
        "watch": {"steps": 60},
    }
    return check_config(values, source="a test")


def _run_here(path: Path) -> int:
    """Runs a config in this process, which has TensorFlow loaded."""
    return {"refused": 3}.get(run(load_config(path)).status, 0)


def _killed_once_published(path: Path) -> int:
    """Runs a config in a process that is killed when its version has got its place."""
    version = load_config(path).model_base / "2"
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not version.is_dir():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait()


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, list[Round]]:
    """Three days, watched: the second run is killed and goes on, the third has wrong labels."""
    folder = tmp_path_factory.mktemp("spans")
    _write(folder / "test.tsv", 120, seed=9)
    config = _config(folder)
    watcher = Watcher(config, Console(), launch=_run_here)
    config.output_dir.mkdir()
    _write(folder / "day-1" / "train.tsv", 400, seed=1)
    watcher.look()
    _write(folder / "day-2" / "train.tsv", 400, seed=2)
    watcher.launch = _killed_once_published
    killed = watcher.look()
    assert killed is not None
    assert (killed.status, killed.error) == ("running", "the run ended with exit code -9")
    watcher.launch = _run_here
    watcher.look()
    _write(folder / "day-3" / "train.tsv", 400, seed=3, labels=("good", "mixed", "bad"))
    watcher.look()
    return config, RoundFolder(config.output_dir).read()


def test_the_second_span_goes_on_from_the_first_and_is_published_once(
    rounds: tuple[RunConfig, list[Round]],
) -> None:
    config, (first, second, _) = rounds
    assert (first.status, first.start) == ("published", "from scratch: nothing is live yet")
    assert (second.status, second.attempts) == ("up_to_date", 2)
    assert second.start == "from the weights of version 1"
    assert list(list_versions(config.model_base)) == [1, 2]
    assert (first.steps, second.steps) == (120, 60)


def test_the_poisoned_span_is_refused_and_the_champion_stays(
    rounds: tuple[RunConfig, list[Round]],
) -> None:
    config, (_, second, poisoned) = rounds
    assert poisoned.status == "refused"
    assert poisoned.metrics["champion"] == second.metrics["candidate"]
    accuracy = {name: values["accuracy"] for name, values in poisoned.metrics.items()}
    assert accuracy["candidate"] < 0.5 < accuracy["champion"]
    assert "champion" in " ".join(poisoned.reasons)
    assert live_version(config.model_base) == 2
