"""The main job on the shipped data, as a user runs it: first run, rerun, refusal, bad data."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.loading import load_config
from pipeline.report import RunReport, read_report
from pipeline.run import run
from schemas.errors import RefusedError
from serving.versions import list_versions, live_version

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_CONFIG = Path(__file__).parents[2] / "configs" / "demo.yaml"
_ALBERT_TFX = (sys.executable, "-m", "pipeline.cli")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a first run of configs/demo.yaml by the command line."""
    folder = tmp_path_factory.mktemp("demo")
    command = [*_ALBERT_TFX, "run", str(_CONFIG), "--set", f"output={folder}"]
    done = subprocess.run(
        command, cwd=_CONFIG.parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "published" in done.stdout
    assert "tensorflow/core" not in done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def report(output: Path) -> RunReport:
    return read_report(output / "run.json")


def _rerun(output: Path, *overrides: str) -> RunReport:
    return run(load_config(_CONFIG, [f"output={output}", *overrides]))


def test_every_step_ran_and_the_model_is_live(output: Path, report: RunReport) -> None:
    assert report.status == "published"
    assert {step.status for step in report.steps} == {"run"}
    assert live_version(output / "serving") == 1
    assert report.publication is not None
    assert report.publication.version == 1


def test_albert_is_at_least_five_points_above_tfidf(report: RunReport) -> None:
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert metrics["candidate"]["accuracy"] >= metrics["tfidf"]["accuracy"] + 0.05
    assert metrics["tfidf"]["accuracy"] > metrics["majority"]["accuracy"]


def test_the_published_version_holds_warmup_requests_and_its_record(output: Path) -> None:
    version = list_versions(output / "serving")[1]
    assert (version / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 0
    record = json.loads((version / "assets.extra" / "albert_tfx.json").read_text("utf-8"))
    assert record["version"] == 1
    assert record["metrics"]["accuracy"] > 0.5
    assert set(record["data"]) == {"train", "eval"}


def test_a_fresh_process_gets_answers(output: Path) -> None:
    command = [*_ALBERT_TFX, "predict", "--model-base", str(output / "serving")]
    done = subprocess.run(
        command,
        input="It works.\n\nIt does not work.\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["text"] for answer in answers] == ["It works.", "", "It does not work."]
    for answer in answers:
        assert answer["probability"] == max(answer["probabilities"])
        assert sum(answer["probabilities"]) == pytest.approx(1.0, abs=1e-3)
        assert (
            answer["label"]
            == answer["labels"][answer["probabilities"].index(answer["probability"])]
        )


def test_an_unchanged_rerun_reuses_every_step(output: Path, report: RunReport) -> None:
    again = _rerun(output)
    resolvers = {"Champion", "PreviousStatistics", "Publish"}  # quick look-ups, done anew each time
    assert {step.name for step in again.steps if step.status != "cached"} <= resolvers
    assert again.status == "up_to_date"
    assert again.verdict == report.verdict
    assert list(list_versions(output / "serving")) == [1]


def test_a_deleted_model_base_is_published_again_without_training(output: Path) -> None:
    other = output / "elsewhere"
    again = _rerun(output, f"publish.model_base={other}")
    assert again.status == "published"
    assert live_version(other) == 1
    assert {step.name: step.status for step in again.steps}["Trainer"] == "cached"


def test_a_worse_candidate_is_refused_and_what_is_served_stays(output: Path) -> None:
    refused = _rerun(output, "train.epochs=null", "train.steps=2")
    assert refused.status == "refused"
    assert refused.verdict is not None
    failed = [reason for reason in refused.verdict.reasons if reason.outcome == "fail"]
    assert {reason.over for reason in failed} >= {"champion", "tfidf"}
    statuses = {step.name: step.status for step in refused.steps}
    assert (statuses["Ingest"], statuses["TextTransform"], statuses["Trainer"]) == (
        "cached",
        "cached",
        "run",
    )
    assert live_version(output / "serving") == 1


def test_bad_rows_stop_the_run_with_their_place_and_are_kept(output: Path, tmp_path: Path) -> None:
    good = (
        (_CONFIG.parents[1] / "data" / "demo" / "train.tsv").read_text("utf-8").splitlines()[:200]
    )
    bad = tmp_path / "train.tsv"
    bad.write_text("\n".join([*good, *["only one column"] * 50]) + "\n", "utf-8")
    with pytest.raises(RefusedError, match=r"(?s)column_count.*train\.tsv:201"):
        _rerun(output, f"ingest.train={bad}")
    report = read_report(output / "run.json")
    assert report.status == "failed"
    assert "train.tsv:201" in report.error
    assert live_version(output / "serving") == 1
