"""BigQuery on this machine, for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.ingest.bigquery.serving import Served, serve_bigquery


@pytest.fixture
def bigquery(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    with serve_bigquery(monkeypatch, tmp_path) as served:
        yield served
