"""A task, files, and whole ingests of them in a temporary folder."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.ingest.config import IngestConfig
from components.ingest.sources import Sources, resolve_sources
from components.ingest.summary import IngestSummary
from models.tasks import create_task
from models.tasks.base import Task

TASK = {"name": "classification", "labels": ["0", "1"]}


@dataclass(frozen=True)
class Ingested:
    """What one ingest wrote."""

    examples: Mapping[str, list[dict[str, Any]]]
    shards: Mapping[str, list[str]]
    summary: IngestSummary
    rejected: list[dict[str, Any]]
    artifact: Any

    def texts(self, split: str) -> list[str]:
        return [example["text"].decode() for example in self.examples[split]]


@pytest.fixture
def task() -> Task:
    return create_task(TASK)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], str]:
    """Writes a file, gzip where its name says so, and returns its path."""

    def write_file(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return str(path)

    return write_file


@pytest.fixture
def resolve(task: Task) -> Callable[..., Sources]:
    """Resolves the sources of a config given by its keys."""
    return lambda **config: resolve_sources(IngestConfig(**config), task)


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., Ingested]:
    """Runs the executor on real Beam."""

    def run(*, task: Mapping[str, Any] = TASK, **config: Any) -> Ingested:
        from tfx.types import standard_artifacts

        from components.artifacts import Quarantine
        from components.ingest.executor import Executor

        typed = IngestConfig(**config)
        sources = resolve_sources(typed, create_task(task))
        examples, quarantine = standard_artifacts.Examples(), Quarantine()
        number = len(list(tmp_path.glob("Ingest/examples/*"))) + 1
        examples.uri = str(tmp_path / f"Ingest/examples/{number}")
        quarantine.uri = str(tmp_path / f"Ingest/quarantine/{number}")
        for artifact in (examples, quarantine):
            Path(artifact.uri).mkdir(parents=True)
        properties = {
            "sources": sources.model_dump_json(),
            "config": typed.model_dump_json(),
            "task": json.dumps(task),
        }
        outputs = {"examples": [examples], "quarantine": [quarantine]}
        with _quiet():
            Executor().Do({}, outputs, properties)
        return _ingested(examples, Path(quarantine.uri))

    return run


@pytest.fixture
def run_component(tmp_path: Path) -> Callable[..., int]:
    """Runs the step alone, in a TFX pipeline on SQLite metadata with the cache on.

    Returns how many artifacts of examples there are then.
    """

    def run(config: IngestConfig, sources: Sources | None, *, code_version: str = "1") -> int:
        from tfx.orchestration import metadata
        from tfx.orchestration.local.local_dag_runner import LocalDagRunner
        from tfx.orchestration.pipeline import Pipeline

        from components.ingest.component import Ingest

        connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.sqlite"))
        ingest = Ingest(sources=sources, config=config, task=TASK, code_version=code_version)
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="test",
                pipeline_root=str(tmp_path / "root"),
                metadata_connection_config=connection,
                components=[ingest],
                enable_cache=True,
            )
        )
        return len(list((tmp_path / "root/Ingest/examples").iterdir()))

    return run


def _ingested(artifact: Any, quarantine: Path) -> Ingested:
    shards = {
        split: sorted(str(path) for path in Path(artifact.uri, f"Split-{split}").iterdir())
        for split in json.loads(artifact.split_names)
    }
    return Ingested(
        examples={
            split: [example for path in paths for example in read_examples(path)]
            for split, paths in shards.items()
        },
        shards=shards,
        summary=IngestSummary.model_validate_json((quarantine / "summary.json").read_text()),
        rejected=[
            json.loads(line) for line in (quarantine / "rejected.jsonl").read_text().splitlines()
        ],
        artifact=artifact,
    )


def read_examples(path: str) -> Iterator[dict[str, Any]]:
    """Yields the examples of a shard as plain values."""
    import tensorflow as tf

    for record in tf.data.TFRecordDataset(path, "GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        yield {
            key: getattr(feature, feature.WhichOneof("kind")).value[0]
            for key, feature in features.items()
        }


@contextmanager
def _quiet() -> Iterator[None]:
    """Beam leaves files and loops open to the garbage collector."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
