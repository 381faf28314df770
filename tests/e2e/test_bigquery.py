"""A whole run on queries: Beam's source against BigQuery's APIs on this machine, then a rerun."""

import csv

import pytest

from pipeline.run import run
from serving.versions import live_version
from tests.components.ingest.bigquery.serving import serve_bigquery
from tests.components.ingest.bigquery.tables import Column, Table
from tests.e2e.tiny_demo import DATA, tiny_demo

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

_TRAIN = "SELECT * FROM shop.reviews WHERE day <= '2026-11-24'"
_EVAL = "SELECT * FROM shop.judged"


def _table(name: str) -> Table:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return Table([Column(key) for key in rows[0]], rows)


def test_a_run_on_queries_publishes_and_a_rerun_asks_for_no_rows(tmp_path, monkeypatch):
    with serve_bigquery(monkeypatch, tmp_path) as served:
        served.api.add(_TRAIN, _table("train.tsv"), "shop.reviews")
        served.api.add(_EVAL, _table("eval.tsv"), "shop.judged")
        day = "'{YYYY}-{MM}-{DD}'"
        overrides = [
            f"output={tmp_path / 'out'}",
            f'ingest.train={{query: "SELECT * FROM shop.reviews WHERE day <= {day}"}}',
            f'ingest.eval={{query: "{_EVAL}"}}',
            "ingest.bigquery.project=paying",
            "ingest.span=2026-11-24",
        ]
        first = run(tiny_demo(overrides))
        again = run(tiny_demo(overrides))
        assert (served.api.runs(_TRAIN), served.api.runs(_EVAL)) == (1, 1)
    assert first.status == "published"
    assert again.status == "up_to_date"
    assert live_version(tmp_path / "out" / "serving") == 1
    assert {step.name: step.status for step in again.steps}["Ingest"] == "cached"
