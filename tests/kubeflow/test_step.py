"""Every step of a compiled pipeline, run by its own container arguments on folders for buckets."""

import json
from pathlib import Path

import pytest
import yaml

from components.evaluation.verdict import Verdict
from kubeflow.compiler import compile_config
from pipeline.loading import load_config
from schemas.errors import UserError
from serving.versions import list_versions
from tests.kubeflow.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """The demo config on Vertex, its bucket a folder; the paths in it are the mounted ones."""
    root = tmp_path_factory.mktemp("machine")
    for split in ("train", "eval"):
        rows = (ROOT / "data" / "demo" / f"{split}.tsv").read_text().splitlines(keepends=True)
        copy = root / "gcs" / "bucket" / "data" / "demo" / f"{split}.tsv"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("".join(rows[:241]))
    overrides = [
        "baselines.include=[majority]",
        "model.num_layers=1",
        "model.max_length=16",
        "evaluate.thresholds=[{metric: accuracy, over: champion, min: -1.0}]",
        "vocabulary.size=300",
        "serving_check.max_latency_ms=2000",
        "kubeflow={image: repo/albert-tfx:1, data_root: gs://bucket, "
        "state_root: gs://bucket/state, pipeline_root: gs://artifacts/runs}",
    ]
    text = compile_config(load_config(ROOT / "configs" / "demo.yaml", overrides), "vertex")
    # A step sees its bucket at /gcs/bucket; here it is below `root`.
    return Engine(yaml.safe_load(text.replace("/gcs/bucket", f"{root}/gcs/bucket")), root)


@pytest.fixture(scope="module")
def runs(engine):
    """The artifacts of two runs, the second with other parameters."""
    return engine.run("first", steps=4), engine.run("second", steps=6, image="repo/other:2")


def _verdict(engine, artifacts):
    folder = engine.folder(artifacts["Evaluate"]["evaluation"])
    return Verdict.model_validate_json((folder / "verdict.json").read_text())


def test_the_first_run_has_no_champion_and_is_published(engine, runs):
    assert _verdict(engine, runs[0]).champion.status == "none"
    assert set(list_versions(engine.root / "gcs/bucket/state/serving")) == {1, 2}


def test_the_second_run_is_compared_with_what_the_first_one_published(engine, runs):
    assert _verdict(engine, runs[1]).champion.status == "compared"
    champion = engine.folder(runs[1]["Champion"]["champion"])
    record = json.loads((champion / "Format-Serving/assets.extra/albert_tfx.json").read_text())
    assert record["version"] == 1
    assert record["run_id"] == "first"


def test_statistics_that_passed_are_found_by_the_next_run(engine, runs):
    first, second = (run["PreviousStatistics"]["previous_statistics"] for run in runs)
    assert first["metadata"]["none_found"] == 1
    assert json.loads(second["metadata"]["split_names"]) == ["train", "eval"]
    assert (engine.folder(second) / "Split-train" / "FeatureStats.pb").is_file()


def test_the_parameters_of_a_run_reach_the_trainer_and_the_image(engine, runs):
    steps = [
        json.loads((engine.folder(run["Trainer"]["model_run"]) / "training.json").read_text())
        for run in runs
    ]
    assert [summary["steps"] for summary in steps] == [4, 6]
    assert engine.images == {"repo/albert-tfx:1", "repo/other:2"}


def test_what_steps_report_names_buckets_and_not_folders(runs):
    blessing = runs[1]["Evaluate"]["blessing"]
    assert blessing["metadata"]["current_model"] == runs[1]["Trainer"]["model"]["uri"]
    assert blessing["metadata"]["current_model"].startswith("gs://artifacts/")


def test_a_wrong_parameter_stops_a_step_before_it_starts(engine):
    with pytest.raises(UserError, match=r"span: must be a whole number from 0 on; received 1\.5"):
        engine.run("third", span=1.5)
