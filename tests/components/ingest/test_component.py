import json
from pathlib import Path

import pytest
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from components.ingest.component import Ingest
from components.ingest.config import IngestConfig
from components.ingest.sources import resolve_sources
from schemas.errors import RefusedError

TASK = {"name": "classification", "labels": ["0", "1"]}
ROWS = "text\tlabel\n" + "".join(f"a film {number}\t{number % 2}\n" for number in range(40))


@pytest.fixture
def run(write, task, tmp_path):
    """Runs ingest alone on SQLite metadata; returns how many artifacts of examples there are."""

    def run_pipeline(content, code_version="1"):
        config = IngestConfig(train=write("a.tsv", content))
        ingest = Ingest(
            sources=resolve_sources(config, task),
            config=config,
            task=TASK,
            code_version=code_version,
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


def test_a_run_writes_its_artifacts_and_a_rerun_reuses_them(run, tmp_path):
    assert run(ROWS) == 1
    (summary,) = tmp_path.glob("root/Ingest/quarantine/*/summary.json")
    assert json.loads(summary.read_text())["num_rows"] == 40
    assert run(ROWS) == 1


@pytest.mark.parametrize("change", [{"content": ROWS + "one more\t1\n"}, {"code_version": "2"}])
def test_changed_data_or_code_reruns_the_step(run, change):
    run(ROWS)
    assert run(**({"content": ROWS} | change)) == 2


def test_a_refused_run_leaves_the_quarantine_and_nothing_else(run, tmp_path):
    with pytest.raises(RefusedError, match="every rejected row: ") as raised:
        run(ROWS + "bad\n" * 10)
    kept = Path(str(raised.value).rpartition("every rejected row: ")[2])
    assert len(kept.read_text().splitlines()) == 10
    assert list(tmp_path.glob("root/Ingest/*/*/Split-*")) == []
