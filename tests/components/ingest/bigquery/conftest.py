"""BigQuery on this machine, for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.components.ingest.bigquery.serving import Served, serve_bigquery
from tests.components.ingest.bigquery.tables import Table, texts

GOOD = [(f"a film {number}", str(number % 2)) for number in range(40)]
QUERY = "SELECT text, label FROM d.reviews"
DEV = "SELECT text, label FROM d.dev"
BIGQUERY = {"project": "paying", "shards": 4}


@pytest.fixture
def bigquery(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    with serve_bigquery(monkeypatch, tmp_path) as served:
        yield served


@pytest.fixture
def ask(bigquery: Served, ingest: Callable[..., Any]) -> Callable[..., Any]:
    """Ingests the rows of a query, and those of a dev query that are good."""

    def run(table: Table, *, held_out: Table | None = None, **config: Any) -> Any:
        bigquery.api.add(QUERY, table, "d.reviews")
        bigquery.api.add(DEV, held_out or texts([("x", "0"), ("y", "1")]), "d.dev")
        both = {"train": {"query": QUERY}, "eval": {"query": DEV}, "bigquery": BIGQUERY}
        return ingest(**{**both, **config})

    return run
