"""The step in a TFX pipeline: taken from the cache while the tables stay as they are."""

import json

import pytest
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from components.ingest.component import Ingest
from components.ingest.config import IngestConfig
from components.ingest.sources import resolve_sources
from tests.components.ingest.bigquery.tables import texts

TASK = {"name": "classification", "labels": ["0", "1"]}
QUERY = "SELECT text, label FROM d.reviews"


@pytest.fixture
def run(bigquery, task, tmp_path):
    """Runs the step alone; returns how many artifacts of examples there are."""
    bigquery.api.add(QUERY, texts([(f"a film {n}", str(n % 2)) for n in range(40)]), "d.reviews")

    def run_pipeline(*, is_resolved=True, **options):
        settings = {"project": "paying", "shards": 2, **options}
        config = IngestConfig(train={"query": QUERY}, bigquery=settings)
        ingest = Ingest(
            sources=resolve_sources(config, task) if is_resolved else None,
            config=config,
            task=TASK,
            code_version="1",
        )
        connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.sqlite"))
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

    return run_pipeline


def test_a_rerun_is_cached_until_a_table_changes(run, bigquery):
    assert (run(), run()) == (1, 1)
    assert bigquery.api.runs(QUERY) == 1
    bigquery.api.tables["d.reviews"].modified += 1
    assert run() == 2


def test_streamed_tables_are_read_anew_unless_the_config_calls_them_fixed(run, bigquery):
    bigquery.api.tables["d.reviews"].streams = True
    assert (run(), run()) == (1, 2)
    assert (run(fixed=True), run(fixed=True)) == (3, 3)


def test_a_step_elsewhere_asks_by_itself(run, tmp_path):
    assert run(is_resolved=False) == 1
    (summary,) = tmp_path.glob("root/Ingest/quarantine/*/summary.json")
    assert json.loads(summary.read_text())["num_rows"] == 40
