"""`albert-tfx predict` asks a folder or a server, and says which of its options go together."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from schemas.errors import UserError
from tests.serving.client.fake_server import Script, start_grpc
from tests.serving.tiny_models import save_model


@pytest.fixture
def server():
    script = Script()
    port, stop = start_grpc(script)
    yield script, f"grpc://localhost:{port}"
    stop()


def ask(*arguments, **options):
    return CliRunner().invoke(app, ["predict", *arguments], **options)


def test_a_server_is_asked(server):
    script, url = server
    script.token = "secret"
    result = ask(
        *("--server", url, "--model", "reviews", "--label", "stable", "--batch-size", "1"),
        *("good", "bad"),
        env={"ALBERT_TFX_TOKEN": "secret"},
    )
    assert result.exit_code == 0, result.output
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["text"], first["label"]) == ("good", "positive")
    assert first["probability"] == 0.9
    assert second["label"] == "negative"
    assert script.specs == [(None, "stable"), (None, "stable")]


def test_a_server_that_is_not_there_is_one_message():
    command = [sys.executable, "-m", "pipeline.cli", "predict", "--server", "grpc://localhost:9"]
    done = subprocess.run(
        [*command, "--model", "reviews", "good"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: model reviews at grpc://localhost:9: UNAVAILABLE: ")
    assert "`albert-tfx serve --model_name NAME" in line


def test_a_folder_is_asked(tmp_path):
    save_model(tmp_path / "1")
    result = ask("--model-base", str(tmp_path), input="good\nbad\n")
    assert [json.loads(line)["label"] for line in result.stdout.splitlines()] == [
        "positive",
        "negative",
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("a",), "--model-base DIR, or a server"),
        (("--model-base", "x", "--server", "grpc://x", "a"), "--model-base DIR, or a server"),
        (("--model-base", "x", "--label", "stable", "a"), "choose on a server"),
        (("--server", "grpc://x", "a"), "name one with --model NAME"),
        (("--server", "grpc://x", "--model", "", "a"), "name one with --model NAME"),
        (
            ("--server", "grpc://x", "--model", "m", "--version", "1", "--label", "l", "a"),
            "--version or --label, not both",
        ),
        (("--server", "x:8500", "--model", "m", "a"), "a server's URL is"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, problem):
    result = ask(*arguments)
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)
