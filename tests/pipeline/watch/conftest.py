"""A watched config on spans of a few rows, and runs that are stood in for."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from components.evaluation.verdict import ChampionStatus, Verdict
from components.publish.publication import Publication
from pipeline.config import RunConfig
from pipeline.loading import check_config, load_config
from pipeline.report import RunReport
from pipeline.steps import Step
from pipeline.watch.watcher import Watcher
from schemas.model_info import ModelInfo, write_model_info
from serving.versions import live_version

EXIT_CODES = {"published": 0, "up_to_date": 0, "refused": 3, "failed": 1}


def add_span(folder: Path, number: int) -> None:
    """Writes the training file of one span."""
    path = folder / f"day-{number}" / "train.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("text\tlabel\ngood\t1\nbad\t0\n", "utf-8")


@dataclass
class StandIn:
    """Runs as `albert-tfx run` would tell of them: each publishes, unless `ends` says otherwise."""

    configs: list[RunConfig] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    exit_codes: dict[str, int] = field(default_factory=lambda: dict(EXIT_CODES))

    def __call__(self, path: Path) -> int:
        config = load_config(path)
        self.configs.append(config)
        status = self.ends.pop(0) if self.ends else "published"
        if status == "killed":
            return -9
        number = len(self.configs)
        report = _report(config, number, status)
        run_dir = config.output_dir / "runs" / report.run_id
        run_dir.mkdir(parents=True)
        report.write(run_dir / "run.json")  # no run.json in the output: it may be an older one's
        return self.exit_codes[status]


def _report(config: RunConfig, number: int, status: Any) -> RunReport:
    version = None
    if status == "published":
        version = (live_version(config.model_base) or 0) + 1
        model_dir = config.model_base / str(version)
        model_dir.mkdir(parents=True)
        (model_dir / "saved_model.pb").write_bytes(b"graph")
        write_model_info(model_dir, ModelInfo(name="albert", task="classification"))
    model = config.output_dir / "pipeline" / str(number)
    (model / "preset").mkdir(parents=True)
    sizes = {
        "num_layers": 4,
        "num_heads": 4,
        "hidden_dim": 128,
        "intermediate_dim": 512,
        "embedding_dim": 64,
    }
    (model / "preset" / "config.json").write_text(json.dumps({"config": sizes}), "utf-8")
    (model / "preset" / "model.weights.h5").write_bytes(b"weights")
    vocabulary = model / "preset" / "assets" / "tokenizer" / "vocabulary.spm"
    vocabulary.parent.mkdir(parents=True)
    vocabulary.write_bytes(b"pieces")
    publication = Publication(
        status="refused" if status == "failed" else status,
        reasons=("evaluation: accuracy is worse",) if status == "refused" else (),
        model_base=str(config.model_base),
        version=version,
    )
    return RunReport(
        run_id=f"run-{number}",
        name=config.name,
        status=status,
        started_at="",
        seconds=float(number),
        steps=[Step("Trainer", "run", 1.0, {"model": [str(model)]})],
        model_base=str(config.model_base),
        training={"steps": 10},
        verdict=_verdict(number),
        publication=None if status == "failed" else publication,
        error="the disk was full" if status == "failed" else "",
    )


def _verdict(number: int) -> Verdict:
    return Verdict(
        blessed=True,
        reasons=(),
        champion=ChampionStatus(status="compared"),
        split="test",
        num_rows=100,
        metrics={
            "candidate": {"accuracy": 0.7 + number / 100},
            "champion": {"accuracy": 0.7},
            "majority": {"accuracy": 0.5},
        },
        worst_slices={},
    )


@pytest.fixture
def runs() -> StandIn:
    return StandIn()


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., RunConfig]:
    """Makes a config on the spans below the test's folder."""
    (tmp_path / "test.tsv").write_text("text\tlabel\ngood\t1\n", "utf-8")

    def make(watch: dict[str, Any] | None = None, **ingest: Any) -> RunConfig:
        given = {
            "train": str(tmp_path / "day-{SPAN}" / "train.tsv"),
            "test": str(tmp_path / "test.tsv"),
        }
        return check_config(
            {
                "name": "reviews",
                "output": str(tmp_path / "out"),
                "task": {"name": "classification", "labels": ["0", "1"]},
                "ingest": given | ingest,
                "model": {"size": "albert-tiny"},
                "train": {"epochs": 3.0},
                "watch": watch or {},
            },
            source="a test",
        )

    return make


@pytest.fixture
def console() -> Console:
    """A console whose text `console.export_text()` returns."""
    return Console(record=True, width=400, file=io.StringIO())


@pytest.fixture
def make_watcher(
    runs: StandIn, make_config: Callable[..., RunConfig], console: Console
) -> Callable[..., Watcher]:
    """Makes a watcher of a new config, or of a given one."""

    def make(config: RunConfig | None = None, **options: Any) -> Watcher:
        watcher = Watcher(config or make_config(), console, launch=runs, **options)
        watcher.config.output_dir.mkdir(exist_ok=True)
        return watcher

    return make
