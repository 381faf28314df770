"""The step in a TFX pipeline: taken from the cache while the tables stay as they are."""

import json

import pytest

from components.ingest.config import IngestConfig
from components.ingest.sources import resolve_sources
from tests.components.ingest.bigquery.conftest import GOOD, QUERY
from tests.components.ingest.bigquery.tables import texts


@pytest.fixture
def run(bigquery, task, run_component):
    """Ingests a query; returns how many artifacts of examples there are."""
    bigquery.api.add(QUERY, texts(GOOD), "d.reviews")

    def run_on(*, is_resolved=True, **options):
        settings = {"project": "paying", "shards": 2, **options}
        config = IngestConfig(train={"query": QUERY}, bigquery=settings)
        return run_component(config, resolve_sources(config, task) if is_resolved else None)

    return run_on


def test_a_rerun_is_cached_until_a_table_changes(run, bigquery):
    assert (run(), run()) == (1, 1)
    assert bigquery.api.runs(QUERY) == 1
    bigquery.api.tables["d.reviews"].modified += 1
    assert run() == 2


def test_streamed_tables_are_read_anew_unless_the_config_calls_them_fixed(run, bigquery):
    bigquery.api.tables["d.reviews"].streams = True
    assert (run(), run()) == (1, 2)
    assert run(fixed=True) == 3
    bigquery.api.tables["d.reviews"].modified += 1
    assert run(fixed=True) == 3


def test_a_step_elsewhere_asks_by_itself(run, tmp_path):
    assert run(is_resolved=False) == 1
    (summary,) = tmp_path.glob("root/Ingest/quarantine/*/summary.json")
    assert json.loads(summary.read_text())["num_rows"] == 40
