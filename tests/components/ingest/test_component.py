import json
from pathlib import Path

import pytest

from components.ingest.config import IngestConfig
from components.ingest.sources import resolve_sources
from schemas.errors import RefusedError

ROWS = "text\tlabel\n" + "".join(f"a film {number}\t{number % 2}\n" for number in range(40))


@pytest.fixture
def run(write, task, run_component):
    """Ingests a file; returns how many artifacts of examples there are."""

    def run_on(content, **options):
        config = IngestConfig(train=write("a.tsv", content))
        return run_component(config, resolve_sources(config, task), **options)

    return run_on


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
