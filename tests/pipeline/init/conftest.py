"""Labelled rows, and files of them in a temporary folder."""

import csv
import gzip
import io
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from models.tasks import create_task
from models.tasks.base import Task
from pipeline.init.inspection import Hints, Inspection, inspect_files

_SENTENCE = (
    "the order came late and nobody called me back about it so i am rather angry with your "
    "service but thanks for that quick and friendly reply to my last question"
)
_WORDS = _SENTENCE.split()

Write = Callable[[str, "str | bytes"], Path]


@pytest.fixture(scope="session")
def messages() -> list[tuple[str, str]]:
    """300 different texts with their labels."""
    chance = random.Random(1)
    texts = (
        " ".join([f"number{number}", *chance.choices(_WORDS, k=chance.randint(3, 12))])
        for number in range(300)
    )
    return [(text, chance.choice(("good", "bad"))) for text in texts]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file, gzip where its name says so, and returns its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write_file


@pytest.fixture
def write_rows(write: Write) -> Callable[[str, Sequence[Sequence[object]]], Path]:
    """Writes rows as TSV, as CSV, or as JSONL with the first row for keys."""

    def write_file(name: str, rows: Sequence[Sequence[object]]) -> Path:
        stem = name.removesuffix(".gz")
        if stem.endswith(".csv"):
            buffer = io.StringIO()
            csv.writer(buffer).writerows(rows)
            return write(name, buffer.getvalue())
        if stem.endswith(".jsonl"):
            objects = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
            return write(name, "".join(json.dumps(item) + "\n" for item in objects))
        return write(name, "".join("\t".join(map(str, row)) + "\n" for row in rows))

    return write_file


@pytest.fixture(scope="session")
def any_task() -> Task:
    return create_task({"name": "classification", "labels": ["0", "1"]})


@pytest.fixture
def inspect(any_task: Task) -> Callable[..., Inspection]:
    """Looks at files, with what a user says of them."""

    def inspect_with_hints(*files: Path, **hints: object) -> Inspection:
        return inspect_files(files, any_task, Hints(**hints))

    return inspect_with_hints


@pytest.fixture(scope="session")
def sst2() -> Path:
    """Folder of the real SST-2 files."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "sst2"
    if not folder.is_dir():
        pytest.skip(f"needs the SST-2 files in {folder}, which are not part of the project")
    return folder
