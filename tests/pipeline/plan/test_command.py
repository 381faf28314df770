"""`albert-tfx plan` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

DEMO = str(Path(__file__).parents[3] / "configs" / "demo.yaml")
LARGE = ("--set", "model.size=albert-xxlarge-v2", "--set", "model.max_length=512")


@pytest.fixture
def invoke(monkeypatch):
    monkeypatch.chdir(Path(DEMO).parents[1])
    return lambda *arguments: CliRunner().invoke(app, ["plan", DEMO, *arguments])


def test_a_plan_shows_every_part(invoke):
    result = invoke("--device", "l4")
    assert result.exit_code == 0
    for shown in ("Parameters", "GFLOP", "Peak memory", "Batch sizes", "fits l4 (22.5 GiB)"):
        assert shown in result.stdout


def test_the_numbers_of_the_parts_add_up_to_the_last_one(invoke):
    table = invoke("--device", "l4").stdout.split("Parameters", 1)[1].split("└", 1)[0]
    cells = [line.split("│")[1:3] for line in table.splitlines() if line.startswith("│")]
    *parts, (name, total) = [(name.strip(), int(cell.replace(",", ""))) for name, cell in cells]
    assert name == "total"
    assert sum(number for _, number in parts) == total


def test_json_holds_the_same_plan(invoke):
    record = json.loads(invoke("--device", "l4", "--json", "--price", "2").stdout)
    assert record["parameters"]["backbone"] > 0
    assert record["steps"] == 1359
    assert record["cost"] == pytest.approx(2 * record["hours"])
    assert len(record["choices"]) == 18


def test_what_does_not_fit_ends_with_code_2_and_advice(invoke):
    result = invoke("--device", "t4", *LARGE, "--set", "train.batch_size=2000")
    assert result.exit_code == 2
    assert "does not fit t4" in result.stdout
    assert "lower train.batch_size" in result.stdout


def test_a_named_device_needs_no_tensorflow():
    code = (
        "import sys; from typer.testing import CliRunner; from pipeline.cli import app; "
        f"result = CliRunner().invoke(app, ['plan', {DEMO!r}, '--device', 'l4']); "
        "assert result.exit_code == 0, result.output; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(DEMO).parents[1])
