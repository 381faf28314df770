"""Drift and late labels as triggers; the commands that look are stood in for."""

import json
import subprocess
import sys

import pytest

from pipeline.watch import checks, launch
from pipeline.watch.checks import make_checks
from schemas.errors import AlbertTfxError

DRIFT = {
    "status": "drifted",
    "version": 3,
    "since": "2026-11-23T00:00:00Z",
    "until": "2026-11-24T00:00:00Z",
    "rows": 900,
    "limits": {},
    "measurements": [
        {
            "feature": "text.words",
            "measure": "jensen_shannon_divergence",
            "value": 0.2,
            "limit": 0.05,
            "training": "",
            "serving": "",
        }
    ],
}
SCORE = {
    "status": "dropped",
    "version": 3,
    "metric": "accuracy",
    "published": {"accuracy": 0.9},
    "score": {"num_rows": 400, "num_rejected": 0, "metrics": {"accuracy": 0.8}},
    "drop": 0.1,
    "max_drop": 0.05,
    "min_rows": 200,
}


@pytest.fixture
def asked(monkeypatch):
    """The commands that were asked; each answers with `asked.answer`."""

    class Asked(list):
        answer = None

    commands = Asked()

    def ask(arguments, answers):
        commands.append(arguments)
        return commands.answer

    monkeypatch.setattr(checks, "ask", ask)
    return commands


def test_nothing_is_looked_at_that_the_config_does_not_name(make_config):
    assert make_checks(make_config()) == {}


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("drifted", "version 3: drift of text.words in 900 texts"),
        ("stable", None),
        ("too_few", None),
    ],
)
def test_drift_is_found_as_the_command_finds_it(make_config, asked, tmp_path, status, found):
    config = make_config({"drift": {"log_dir": "log", "limits": {"max_pieces": 0.1}}})
    asked.answer = DRIFT | {"status": status}
    assert make_checks(config)["drift"]() == found
    (arguments,) = asked
    assert arguments[:3] == ["drift", "log", f"--model-base={tmp_path / 'out' / 'serving'}"]
    assert {"--max-pieces=0.1", "--min-rows=500", "--hours=24.0", "--json"} <= set(arguments)


def test_a_drop_is_found_in_late_labels(make_config, asked, tmp_path):
    config = make_config({"labels": {"files": str(tmp_path / "late-*.tsv"), "max_drop": 0.03}})
    check = make_checks(config)["labels"]
    assert check() is None  # no file yet
    assert asked == []
    (tmp_path / "late-1.tsv").write_text("text\tlabel\ngood\t1\n", "utf-8")
    asked.answer = SCORE
    assert check() == (
        "version 3: accuracy fell, 0.8000 on 400 labelled rows, 0.9000 when published "
        "(allowed: 0.05 worse)"
    )
    assert asked[0][0] == "score"
    assert {"--max-drop=0.03", "--min-rows=200", "--json"} <= set(asked[0])
    asked.answer = SCORE | {"status": "stable"}
    assert check() is None


@pytest.mark.parametrize("command", ["drift", "score"])
def test_the_options_that_are_asked_with_exist(make_config, asked, tmp_path, command):
    from typer.main import get_command

    from pipeline.cli import app

    (tmp_path / "late.tsv").write_text("x", "utf-8")
    config = make_config(
        {"drift": {"log_dir": "log"}, "labels": {"files": str(tmp_path / "late.tsv")}}
    )
    asked.answer = {"drift": DRIFT, "score": SCORE}[command]
    make_checks(config)[{"drift": "drift", "score": "labels"}[command]]()
    name, *arguments = asked[0]
    get_command(app).commands[name].make_context(name, list(arguments))


def test_a_command_that_fails_says_why(monkeypatch):
    script = "import sys; sys.stderr.write('error: no log\\n'); sys.exit(2)"
    monkeypatch.setattr(launch, "_PROGRAM", (sys.executable, "-c", script))
    with pytest.raises(AlbertTfxError, match=r"`albert-tfx drift log` ended .* 2: error: no log"):
        launch.ask(["drift", "log"], answers=(0,))


def test_a_command_answers_with_any_of_its_codes(monkeypatch):
    script = f"import sys; print({json.dumps(json.dumps({'status': 'x'}))}); sys.exit(3)"
    monkeypatch.setattr(launch, "_PROGRAM", (sys.executable, "-c", script))
    assert launch.ask(["drift"], answers=(0, 3)) == {"status": "x"}


def test_a_run_is_a_process_of_its_own(monkeypatch, tmp_path):
    def run(command, *, check):
        assert command[1:] == ["-m", "pipeline.cli", "run", str(tmp_path / "0001.yaml")]
        assert check is False
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    assert launch.launch_run(tmp_path / "0001.yaml") == 3
