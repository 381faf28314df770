"""`albert-tfx submit` and `schedule`, from the command line to what arrives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kubeflow.registry import LookError
from pipeline.cli import app
from schemas.errors import UserError
from tests.kubeflow.cluster_api import serve_cluster
from tests.kubeflow.conftest import CONFIG, SECTIONS

ROOT = Path(__file__).parents[2]

WITHOUT_NETWORK = """
import socket, sys
def refuse(*arguments, **options):
    raise AssertionError(f"a connection was tried: {arguments}")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
import google.auth
google.auth.default = refuse
from pipeline.cli import app
options = ["--target", "vertex", "--dry-run"]
app(["submit", sys.argv[1], *options], standalone_mode=False)
print(",")
create = ["schedule", "create", sys.argv[1], "--cron", "30 5 * * *"]
app([*create, *options], standalone_mode=False)
"""


@pytest.fixture
def api(monkeypatch, tmp_path):
    monkeypatch.setattr("kubeflow.preflight.image_problem", lambda image: "")
    with serve_cluster() as api:
        monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))
        yield api


@pytest.fixture
def config_file(api, tmp_path):
    section = SECTIONS["kubeflow"] | {"cluster": {"host": api.host}}
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(CONFIG | {"kubeflow": section}))
    return path


def run(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments), "--target", "kubeflow"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_submit_starts_a_run(api, config_file):
    result = run("submit", config_file, "--parameter", "steps=5", "--set", "train.epochs=3")
    body = api.sent("POST", "/runs")
    assert body["runtime_config"]["parameters"] == {"steps": 5}
    assert '"epochs": 3' in json.dumps(body).replace("\\", "")
    assert result.output.startswith("run-0: taken on by kubeflow")


def test_a_schedule_is_made_listed_paused_resumed_and_deleted(api, config_file):
    made = run("schedule", "create", config_file, "--cron", "30 5 * * *", "--max-concurrency", 2)
    assert made.output.startswith("topic-reviews: made (30 5 * * *)")
    assert "30 5 * * *" in run("schedule", "list", config_file).output
    for command, state in (("pause", "paused"), ("resume", "active")):
        assert f"{command}d" in run("schedule", command, config_file).output
        (listed,) = json.loads(run("schedule", "list", config_file, "--json").output)
        assert (listed["state"], listed["max_concurrency"]) == (state, 2)
    run("schedule", "delete", config_file)
    assert api.recurring == {}


def test_rounds_must_come_one_after_the_other(api, config_file):
    create = ("schedule", "create", config_file, "--cron", "0 * * * *", "--set", "watch={}")
    with pytest.raises(UserError, match="--max-concurrency must be 1 for a config with a section"):
        run(*create, "--max-concurrency", 2)
    assert api.recurring == {}
    assert run(*create).output.startswith("topic-reviews: made (0 * * * *)")


def test_two_schedulers_at_once_are_refused(api, config_file):
    create = ("schedule", "create", config_file, "--cron", "30 5 * * *")
    run(*create)
    with pytest.raises(UserError, match="there is a schedule 'topic-reviews' already"):
        run(*create)
    run(*create, "--replace")
    assert len(api.recurring) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("submit", "--parameter", "steps=many"), "steps: must be a whole number"),
        (("schedule", "create", "--cron", "daily"), "--cron: a cron line has five fields"),
    ],
)
def test_bad_input_ends_before_anything_is_sent(api, config_file, arguments, problem):
    with pytest.raises(UserError, match=problem):
        run(*arguments, config_file)
    assert api.requests == []


@pytest.mark.parametrize("command", [["submit"], ["schedule", "create", "--cron", "30 5 * * *"]])
def test_an_image_without_our_package_stops_it(api, config_file, monkeypatch, command):
    monkeypatch.setattr("kubeflow.preflight.image_problem", lambda image: f"{image}: empty")
    with pytest.raises(UserError, match=r"nothing was sent.*\n  registry\.example/new:2: empty"):
        run(*command, config_file, "--parameter", "image=registry.example/new:2")
    assert api.requests == []
    run(*command, config_file, "--unchecked")
    assert api.requests


def test_an_image_that_cannot_be_looked_at_is_noted(api, config_file, monkeypatch):
    def unreachable(image):
        raise LookError("registry.example could not be asked")

    monkeypatch.setattr("kubeflow.preflight.image_problem", unreachable)
    result = run("submit", config_file)
    assert "note: the image was not looked at (registry.example could not" in result.stderr
    assert api.sent("POST", "/runs")


def test_vertex_needs_to_be_told_where(config_file, tmp_path):
    section = {key: value for key, value in SECTIONS["vertex"].items() if key != "vertex"}
    config_file.write_text(json.dumps(CONFIG | {"kubeflow": section}))
    arguments = ["submit", str(config_file), "--target", "vertex", "--dry-run"]
    result = CliRunner().invoke(app, arguments)
    with pytest.raises(UserError, match=r"kubeflow\.vertex with project and region"):
        raise result.exception


@pytest.mark.slow
def test_a_dry_run_needs_neither_network_nor_credentials(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(CONFIG | {"kubeflow": SECTIONS["vertex"]}))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    job, schedule = json.loads(f"[{done.stdout}]")
    assert job["parent"] == schedule["parent"] == "projects/reviews-project/locations/europe-west4"
    assert schedule["schedule"]["cron"] == "TZ=UTC 30 5 * * *"
