"""A second run from the weights of the first; the runs themselves are stood in for."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.publish.publication import Publication
from pipeline import follow_up
from pipeline.cli import app
from pipeline.follow_up import run_then, trained_weights
from pipeline.loading import load_config
from pipeline.report import RunReport
from pipeline.steps import Step
from schemas.errors import AlbertTfxError, UserError

_CONFIG = """
name: {name}
task: {{name: classification, labels: [a, b]}}
ingest: {{train: {folder}/rows.tsv}}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_config(name: str, more: str = "") -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(_CONFIG.format(name=name, folder=tmp_path) + more, "utf-8")
        return path

    return write_config


def _report(folder: Path, status="published", *, trained=True) -> RunReport:
    outputs = {"model": [str(folder / "model's")]}
    (folder / "model's" / "preset").mkdir(parents=True, exist_ok=True)
    return RunReport(
        run_id="1",
        name="first",
        status=status,
        started_at="",
        seconds=0.0,
        steps=[Step("Trainer", "cached", 0.0, outputs if trained else {})],
        model_base="",
        publication=Publication(
            status=status, model_base="", reasons=("worse than unigram",) * (status == "refused")
        ),
    )


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """The configs that were run; each run ends as `runs.status` says."""

    class Runs(list):
        status = "published"
        notes: Sequence[str] = ()

    done = Runs()

    def run(config, *, notes=()):
        done.append(config)
        done.notes = notes
        return _report(tmp_path, done.status)

    monkeypatch.setattr(follow_up, "run", run)
    return done


@pytest.fixture
def preset(tmp_path):
    """The folder of the weights that the first run leaves."""
    weights = tmp_path / "model's" / "preset"
    (weights / "assets" / "tokenizer").mkdir(parents=True)
    (weights / "assets" / "tokenizer" / "vocabulary.spm").touch()
    return weights


def test_the_second_run_starts_from_the_weights_of_the_first(write, runs, preset):
    run_then(load_config(write("first")), write("second"))
    assert [config.name for config in runs] == ["first", "second"]
    assert [config.model.weights for config in runs] == [None, str(preset)]
    assert not runs.notes


def test_a_refused_first_candidate_ends_it(write, runs):
    runs.status = "refused"
    assert run_then(load_config(write("first")), write("second")).status == "refused"
    assert [config.name for config in runs] == ["first"]


def test_a_refused_first_candidate_can_be_gone_on_with(write, runs, preset):
    runs.status = "refused"
    options = ["--then", str(write("second")), "--even-if-refused"]
    done = CliRunner().invoke(app, ["run", str(write("first")), *options])
    assert done.exit_code == 3, done.output  # of the second run, which ends alike here
    assert [config.name for config in runs] == ["first", "second"]
    assert runs[1].model.weights == str(preset)
    (note,) = runs.notes
    assert note == (
        "starts from the weights of the run 1 of first, which were refused (worse than unigram) "
        "and are not published"
    )


def test_even_if_refused_is_said_of_a_second_run(write, runs):
    done = CliRunner().invoke(app, ["run", str(write("first")), "--even-if-refused"])
    assert "received no --then" in str(done.exception)
    assert runs == []


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("second", "model: {weights: x}", "model.weights=x; unset what is given"),
        ("second", "vocabulary: {model: x}", "vocabulary.model=x; unset what is given"),
        ("second", "output: runs/first", "must not write into the same folder"),
        ("second", "nonsense: 1", "nonsense: unknown key"),
    ],
)
def test_a_second_config_that_does_not_fit_is_refused_before_the_first_run(
    write, runs, name, more, message
):
    with pytest.raises(UserError, match=message):
        run_then(load_config(write("first")), write(name, more))
    assert runs == []


def test_a_run_without_a_trained_model_has_no_weights(tmp_path):
    with pytest.raises(AlbertTfxError, match="must have left its weights; there is no trained"):
        trained_weights(_report(tmp_path, trained=False))
