"""The first step of a watched pipeline, on folders of a few files."""

import json

import pytest

from kubeflow import watch
from kubeflow.watch import answers, choose
from pipeline.loading import check_config
from pipeline.watch.outcome import MAX_ATTEMPTS
from pipeline.watch.rounds import RoundFolder
from schemas.errors import UserError


@pytest.fixture
def make_config(tmp_path):
    def make(**sections):
        return check_config(
            {
                "name": "reviews",
                "output": str(tmp_path / "state"),
                "task": {"name": "classification", "labels": ["0", "1"]},
                "ingest": {
                    "train": str(tmp_path / "day-{SPAN}.tsv"),
                    "test": str(tmp_path / "test.tsv"),
                },
                "train": {"epochs": 3.0},
                "watch": {},
            }
            | sections,
            source="a test",
        )

    return make


@pytest.fixture
def add_span(tmp_path):
    def add(number):
        (tmp_path / f"day-{number}.tsv").write_text("text\tlabel\ngood\t1\nbad\t0\n")

    (tmp_path / "test.tsv").write_text("text\tlabel\ngood\t1\n")
    add(1)
    return add


def test_a_round_is_written_down_before_it_is_begun(make_config, add_span):
    config = make_config()
    choice = choose(config, "run-1", 0)
    (item,) = RoundFolder(config.output_dir).read()
    assert (item.number, item.span, item.status, item.run_id) == (1, 1, "running", "run-1")
    assert (choice.round, choice.config.ingest.span) == (1, 1)
    assert RoundFolder(config.output_dir).config_path(item).is_file()


def test_the_first_step_started_again_goes_on_with_its_round(make_config, add_span):
    choose(make_config(), "run-1", 0)
    add_span(2)
    assert choose(make_config(), "run-1", 0).config.ingest.span == 1
    (item,) = RoundFolder(make_config().output_dir).read()
    assert item.attempts == 0


def test_a_run_without_a_record_has_failed_and_is_tried_three_times(make_config, add_span):
    config = make_config()
    for number in range(MAX_ATTEMPTS):
        choice = choose(config, f"run-{number}", 0)
        assert choice.round == 1
    assert choice.reason == "round 1 goes on: span 1 is complete"
    choice = choose(config, "run-last", 0)
    assert (choice.config, choice.reason) == (None, "nothing new: span 1 was given up in round 1")
    (item,) = RoundFolder(config.output_dir).read()
    assert item.error == "the run run-2 left no record of its end; see it there"


def test_a_span_that_is_asked_for_is_run_as_the_config_says_and_is_no_round(make_config, add_span):
    config = make_config()
    choose(config, "run-1", 0)
    add_span(2)
    choice = choose(config, "by-hand", 1)
    assert (choice.round, choice.config.ingest.span, choice.config.train) == (0, 1, config.train)
    assert len(RoundFolder(config.output_dir).read()) == 1


def test_a_span_that_vanished_is_an_error(make_config, add_span, tmp_path):
    add_span(2)
    for number in range(MAX_ATTEMPTS + 1):
        choose(make_config(), f"run-{number}", 0)
    (tmp_path / "day-2.tsv").unlink()
    with pytest.raises(UserError, match="span 2 was trained on in round 1 and is gone"):
        choose(make_config(), "run-last", 0)


@pytest.fixture
def given_up(make_config, add_span):
    """A config of whose only span nothing came, and a live model."""

    def make(**sections):
        config = make_config(**sections)
        for number in range(MAX_ATTEMPTS + 1):
            choose(config, f"run-{number}", 0)
        version = config.model_base / "1"
        version.mkdir(parents=True)
        (version / "saved_model.pb").write_bytes(b"graph")
        return config

    return make


def test_a_trigger_that_cannot_be_looked_at_is_told_and_starts_nothing(given_up, tmp_path):
    config = given_up(watch={"drift": {"log_dir": str(tmp_path / "no-log")}})
    choice = choose(config, "run-last", 0)
    assert choice.config is None
    assert "; drift could not be looked at: `albert-tfx drift" in choice.reason


def test_drift_starts_a_run_from_scratch(make_config, add_span, monkeypatch, given_up):
    config = given_up()
    folder = RoundFolder(config.output_dir)
    (item,) = folder.read()
    folder.write(item.model_copy(update={"status": "published", "weights": "/state/preset"}))
    monkeypatch.setattr(watch, "make_checks", lambda config: {"drift": lambda: "lengths drifted"})
    choice = choose(config, "run-last", 0)
    assert choice.reason == "round 2: lengths drifted; training from scratch"
    assert folder.read()[-1].trigger == "drift"


def test_what_a_run_is_given_goes_before_the_policy(make_config, add_span):
    choice = choose(make_config(watch={"epochs": 1, "learning_rate": 1e-4}), "run-1", 0)
    told = answers(choice, {"span": 0, "steps": 7, "learning_rate": 0})
    assert (told["due"], told["span"], told["steps"], told["epochs"]) == ("true", 1, 7, 0)
    assert told["learning_rate"] == 0


def test_the_step_reports_its_answers_as_parameters(make_config, add_span, tmp_path):
    invocation = {
        "inputs": {
            "parameterValues": {
                "config": make_config().model_dump_json(),
                "run_id": "run-1",
                "pipelinechannel--span": 0.0,
                "pipelinechannel--steps": 0.0,
                "pipelinechannel--learning_rate": 0.0,
                "pipelinechannel--image": "repo/image:1",
            }
        },
        "outputs": {"outputFile": "gs://bucket/run/executor_output.json"},
    }
    watch.watch_step(["--executor_input", json.dumps(invocation)], root=str(tmp_path))
    report = json.loads((tmp_path / "gcs/bucket/run/executor_output.json").read_text())
    assert report["artifacts"] == {}
    assert report["parameterValues"]["due"] == "true"
    assert report["parameterValues"]["epochs"] == 3.0
