"""`promote`, `rollback` and `models` on the command line."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from schemas.errors import UserError
from serving.versions import live_version


@pytest.fixture
def model_base(tmp_path):
    folder = tmp_path / "reviews" / "serving"
    for version in (1, 2, 3):
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "saved_model.pb").write_bytes(b"graph")
    return folder


def call(command, *arguments, model_base):
    result = CliRunner().invoke(app, [command, *arguments, "--model-base", str(model_base)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_a_version_is_promoted_and_rolled_back(model_base):
    call("promote", "2", model_base=model_base)
    said = call("promote", "3", "--reason", "better", model_base=model_base)
    assert "reviews: version 3 is live; served: 3 (live), 2 (before)" in said
    assert f"--model_config_file={model_base}/models.config" in said
    call("rollback", "--reason", "worse", model_base=model_base)
    assert live_version(model_base) == 2
    with pytest.raises(UserError, match="no version before it is known"):
        call("rollback", model_base=model_base)


def test_the_served_name_and_path_are_given_with_a_promotion(model_base):
    call("promote", "3", "--model", "r", "--base-path", "/models/r", model_base=model_base)
    config = (model_base / "models.config").read_text()
    assert 'name: "r"' in config
    assert 'base_path: "/models/r"' in config


def test_the_history_is_listed_newest_first(model_base):
    call("promote", "2", "--reason", "first", model_base=model_base)
    call("promote", "3", "--reason", "second", model_base=model_base)
    arguments = ["models", str(model_base), "--history"]
    shown = CliRunner().invoke(app, [*arguments, "--json"]).stdout
    assert [change["reason"] for change in json.loads(shown)] == ["second", "first"]
    assert "second" in CliRunner().invoke(app, arguments).stdout


def test_a_canary_is_started_and_ended(model_base):
    call("promote", "2", model_base=model_base)
    said = call("canary", "3", "--percent", "10", model_base=model_base)
    assert "version 2 is live; served: 3 (canary 10 %), 2 (live)" in said
    assert "requests without a label go to the highest version, 3" in said
    assert "version 2 is live; served: 2 (live)" in call("rollback", model_base=model_base)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "needs a server behind"),
        (("--upstream", "grpc://x", "--redact", "a.b"), "give --keep-text too"),
        (("--upstream", "grpc://x", "--keep-text"), "give --log-dir too"),
        (("--upstream", "grpc://x", "--cert-file", "c"), "both --cert-file and --key-file"),
        (
            ("--upstream", "grpc://x", "--log-dir", "l", "--keep-text", "--redact", "no.such"),
            "--redact names a function",
        ),
    ],
)
def test_gateway_options_that_do_not_go_together_are_refused(arguments, problem):
    result = CliRunner().invoke(app, ["gateway", *arguments])
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)
