"""A task, its schema, examples and real statistics of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.validation.config import ValidationConfig
from components.validation.schema import curated_schema
from models.tasks import create_task
from models.tasks.base import Task

TASK = {"name": "classification", "labels": ["0", "1"]}


@pytest.fixture
def task() -> Task:
    return create_task(TASK)


@pytest.fixture
def schema(task: Task) -> Any:
    return curated_schema(ValidationConfig(), task, ("text", "label", "channel"))


@pytest.fixture
def write_examples(task: Task, tmp_path: Path) -> Callable[..., str]:
    """Writes rows as ingest would; `changes` by row overrides features, None takes one out."""

    def write(
        name: str, rows: Sequence[Mapping[str, str]], changes: Mapping[int, Any] | None = None
    ) -> str:
        import tensorflow as tf

        from components.ingest.encode import serialize_example

        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for number, row in enumerate(rows):
                features = task.encode_row(row) | {"row_id": b"a.tsv:%d" % number}
                features |= (changes or {}).get(number, {})
                present = {key: value for key, value in features.items() if value is not None}
                writer.write(serialize_example(present))
        return str(path)

    return write


@pytest.fixture
def statistics() -> Callable[[str], Any]:
    """Computes the statistics of a file with the options of the pipeline."""

    def compute(path: str) -> Any:
        import tensorflow_data_validation as tfdv

        from components.validation.statistics import statistics_options

        return tfdv.generate_statistics_from_tfrecord(path, stats_options=statistics_options())

    return compute
