"""The policy of `watch` in a compiled pipeline: its form, and a week of it task by task."""

import json
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from kfp import dsl
from kfp.compiler import Compiler
from kfp.pipeline_spec import pipeline_spec_pb2

from kubeflow.compiler import compile_config
from pipeline.loading import check_config
from pipeline.watch.rounds import RoundFolder
from schemas.errors import UserError
from serving.versions import live_version
from tests.kubeflow.conftest import CONFIG, SECTIONS
from tests.kubeflow.engine import Engine
from tests.kubeflow.labelled import rows

WATCH = {"steps": 40, "learning_rate": 1e-3}


def compiled(target, **changes):
    values = CONFIG | {"kubeflow": SECTIONS[target], "watch": WATCH} | changes
    return list(yaml.safe_load_all(compile_config(check_config(values, source="a test"), target)))


@pytest.fixture(scope="module")
def watched(target):
    return compiled(target)


def test_one_step_decides_on_all_others(watched, tasks):
    root = watched[0]["root"]["dag"]["tasks"]
    assert set(root) == {"Watch", "Round"}
    assert root["Watch"].get("dependentTasks") is None
    inner = watched[0]["components"]["Round"]["dag"]["tasks"]
    assert set(inner) == {*tasks, "Record"}


def test_the_condition_has_the_form_of_kubeflows_sdk(watched, tmp_path):
    @dsl.container_component
    def look(due: dsl.OutputPath(str)):
        return dsl.ContainerSpec(image="image", command=["look"], args=[due])

    @dsl.container_component
    def work():
        return dsl.ContainerSpec(image="image", command=["work"])

    @dsl.pipeline(name="example")
    def example():
        with dsl.If(look().outputs["due"] == "true"):
            work()

    Compiler().compile(example, str(tmp_path / "example.yaml"))
    theirs = yaml.safe_load((tmp_path / "example.yaml").read_text())
    condition = theirs["root"]["dag"]["tasks"]["condition-1"]
    ours = watched[0]["root"]["dag"]["tasks"]["Round"]
    assert ours.keys() == condition.keys()
    expected = condition["triggerPolicy"]["condition"].replace("pipelinechannel--look-due", "due")
    assert ours["triggerPolicy"] == {"condition": expected}
    inner = theirs["components"]["comp-condition-1"]
    assert inner.keys() == watched[0]["components"]["Round"].keys()


def test_it_is_a_pipeline_spec_whose_parts_fit_together(watched):
    spec = watched[0]
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    around = spec["components"]["Round"]["inputDefinitions"]["parameters"]
    for tasks, known in (
        (spec["root"]["dag"]["tasks"], spec["root"]["inputDefinitions"]["parameters"]),
        (spec["components"]["Round"]["dag"]["tasks"], around),
    ):
        for task in tasks.values():
            taken = task.get("inputs", {})
            definitions = spec["components"][task["componentRef"]["name"]]["inputDefinitions"]
            for kind in ("artifacts", "parameters"):
                assert set(taken.get(kind, {})) == set(definitions.get(kind, {}))
            for given in taken.get("parameters", {}).values():
                assert given.get("componentInputParameter", "image") in known


def test_volumes_and_machines_reach_the_two_steps():
    changes = {"kubeflow": SECTIONS["kubeflow"] | {"machines": {"Watch": {"cpu": 2}}}}
    spec, platform = compiled("kubeflow", **changes)
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(executors) == set(spec["deploymentSpec"]["executors"])
    container = spec["deploymentSpec"]["executors"]["Watch_executor"]["container"]
    assert container["resources"] == {"cpuLimit": 2.0}


@pytest.mark.parametrize(
    "changes",
    [
        {"ingest": CONFIG["ingest"] | {"span": 7}},
        {"ingest": CONFIG["ingest"] | {"train": "reviews/train.tsv"}},
    ],
)
def test_without_spans_to_choose_from_nothing_is_decided(changes):
    assert "Watch" not in compiled("vertex", **changes)[0]["components"]


def test_what_is_looked_at_must_be_where_steps_see_it():
    drift = {"drift": {"log_dir": "/var/log/requests"}, "labels": {"files": "late/*.tsv"}}
    with pytest.raises(UserError, match=r"watch\.drift\.log_dir: /var/log/requests") as raised:
        compiled("vertex", watch=drift)
    assert "labels" not in str(raised.value)
    (spec,) = compiled("vertex", watch={"labels": drift["labels"]})
    config = spec["root"]["dag"]["tasks"]["Watch"]["inputs"]["parameters"]["config"]
    seen = json.loads(config["runtimeValue"]["constant"])
    assert seen["watch"]["labels"]["files"] == "/gcs/bucket/data/late/*.tsv"


class Place:
    """A bucket as a folder, and the compiled pipeline on it."""

    def __init__(self, root: Path) -> None:
        self.data = root / "gcs" / "bucket" / "data"
        self.state = root / "gcs" / "bucket" / "state"
        self.data.mkdir(parents=True)
        (self.data / "checked.tsv").write_text(rows(80, seed=99))
        config = {
            "name": "topic_reviews",
            "task": {"name": "classification", "labels": ["praise", "complaint"]},
            "ingest": {
                "train": "span-{SPAN}/train.tsv",
                "test": "checked.tsv",
                "span_marker": "span-{SPAN}/_SUCCESS",
            },
            "vocabulary": {"size": 100},
            "model": {"size": "albert-tiny", "num_layers": 1, "max_length": 16},
            "train": {"learning_rate": 3e-3, "steps": 90, "batch_size": 32, "eval_every": 30},
            "baselines": {"include": ["majority"]},
            "evaluate": {"thresholds": [{"metric": "accuracy", "over": "champion", "min": -0.05}]},
            "serving_check": {"max_latency_ms": 5000},
            "watch": WATCH,
            "kubeflow": {
                "image": "repo/albert-tfx:1",
                "data_root": "gs://bucket/data",
                "state_root": "gs://bucket/state",
                "pipeline_root": "gs://artifacts/runs",
            },
        }
        text = compile_config(check_config(config, source="a test"), "vertex")
        spec = yaml.safe_load(text.replace("/gcs/bucket", f"{root}/gcs/bucket"))
        self.engine = Engine(spec, root)

    def add_span(self, number: int, *, flipped: bool = False) -> None:
        folder = self.data / f"span-{number}"
        folder.mkdir()
        (folder / "train.tsv").write_text(rows(240, seed=number, flipped=flipped))
        (folder / "_SUCCESS").touch()

    def run(self, name: str, **given):
        """Returns what the first step answered and the artifacts of the others."""
        done = self.engine.run(name, **given)
        return self.engine.answers["Watch"], done

    def training(self, done) -> dict:
        folder = self.engine.folder(done["Trainer"]["model_run"])
        return json.loads((folder / "training.json").read_text())

    @property
    def rounds(self):
        return RoundFolder(self.state).read()

    @property
    def live(self):
        return live_version(self.state / "serving")


@pytest.mark.e2e
@pytest.mark.timeout(1800)
def test_a_schedule_does_what_watch_does(tmp_path):
    place = Place(tmp_path)
    place.add_span(1)
    answer, first = place.run("run-1")
    assert (answer["due"], answer["span"], answer["weights"]) == ("true", 1, "")
    assert (
        answer["reason"]
        == "round 1: span 1 is complete; training from scratch: nothing is live yet"
    )
    assert place.training(first)["steps"] == 90
    assert [item.status for item in place.rounds] == ["published"]

    answer, second = place.run("run-2")
    assert (answer["due"], second) == ("false", {"Watch": {}})
    assert answer["reason"] == "nothing new: span 1 was published in round 1"

    place.add_span(2)
    answer, third = place.run("run-3")
    assert answer["reason"].endswith("training from the weights of version 1")
    assert answer["weights"].endswith("-run-1/model/preset")
    assert (answer["steps"], answer["learning_rate"]) == (40, 1e-3)
    assert place.training(third)["steps"] == 40
    assert place.live == 2
    kept = Path(answer["vocabulary"]).read_bytes()
    taken = place.engine.folder(third["VocabularyTrainer"]["vocabulary"]) / "spiece.model"
    assert taken.read_bytes() == kept

    place.add_span(3, flipped=True)
    answer, _ = place.run("run-4")
    assert answer["reason"].endswith("training from the weights of version 2")
    refused = place.rounds[-1]
    assert (refused.status, refused.live_version, place.live) == ("refused", 2, 2)
    assert "accuracy" in refused.reasons[0]
    assert refused.metrics["candidate"]["accuracy"] < refused.metrics["champion"]["accuracy"]
    assert "refused" in (place.state / "watch" / "index.html").read_text()

    answer, _ = place.run("run-5")
    assert (answer["due"], answer["reason"]) == (
        "false",
        "nothing new: span 3 was refused in round 3",
    )
