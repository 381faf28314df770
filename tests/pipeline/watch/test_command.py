"""`albert-tfx watch` as a user calls it."""

import signal
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.watch import loop
from pipeline.watch.rounds import Round
from schemas.errors import AlbertTfxError


@pytest.fixture
def config_file(make_config, tmp_path):
    """A config whose spans have not come yet."""
    path = tmp_path / "config.yaml"
    values = make_config({"poll_seconds": 0.05}).model_dump(mode="json")
    path.write_text(yaml.safe_dump(values), "utf-8")
    return path


@pytest.fixture
def call(config_file, monkeypatch):
    """Calls the command with `--once`; the look ends with a round of the given status."""
    before = signal.getsignal(signal.SIGTERM)

    def invoke(status):
        item = None
        if status is not None:
            texts = dict.fromkeys(("reason", "inputs", "start", "started_at"), "")
            item = Round(number=4, trigger="span", span=1, spans=(1,), status=status, **texts)
            item = item.model_copy(update={"error": "no memory"})
        monkeypatch.setattr(loop, "watch", lambda *_, **options: item)
        return CliRunner().invoke(app, ["watch", str(config_file), "--once"])

    yield invoke
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("status", "code"), [(None, 0), ("published", 0), ("refused", 3)])
def test_once_ends_with_what_came_of_it(call, status, code):
    assert call(status).exit_code == code


@pytest.mark.parametrize("status", ["failed", "running"])
def test_once_fails_with_its_run(call, status):
    result = call(status)
    assert isinstance(result.exception, AlbertTfxError)
    assert str(result.exception) == "round 4 failed: no memory"


def test_sigterm_ends_a_watcher_that_waits_and_a_second_one_is_refused(config_file):
    command = [sys.executable, "-m", "pipeline.cli", "watch", str(config_file)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert "no span is there for every split" in first.stdout.readline()
    second = subprocess.run(command, check=False, capture_output=True, text=True)
    first.send_signal(signal.SIGTERM)
    said, _ = first.communicate(timeout=30)
    assert first.returncode == 0
    assert said.rstrip().endswith("stopped")
    assert second.returncode == 2
    assert f"another watcher (process {first.pid})" in second.stderr
