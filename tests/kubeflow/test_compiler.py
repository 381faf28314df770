"""What TFX compiles of our pipeline, on both targets."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tensorflow_data_validation import StatsOptions
from tfx.utils import import_utils
from typer.testing import CliRunner

from kubeflow.backend import UNCACHED
from kubeflow.compiler import compile_config
from pipeline.build import build_pipeline
from pipeline.cli import app
from pipeline.code_version import code_version
from tests.kubeflow.conftest import CONFIG, SECTIONS

ROOT = Path(__file__).parents[2]

WITHOUT_NETWORK = """
import socket, sys
def refuse(*arguments, **options):
    raise AssertionError(f"a connection was tried: {arguments}")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
from pathlib import Path
from kubeflow.compiler import compile_config
from pipeline.loading import load_config
sys.stdout.write(compile_config(load_config(Path(sys.argv[1])), "vertex"))
"""


def test_every_node_of_the_local_pipeline_is_a_task(config, tasks, tmp_path):
    local = build_pipeline(
        config.model_copy(update={"output": str(tmp_path)}),
        sources=None,
        schema_file=tmp_path / "schema.pbtxt",
        run_id="a-run",
    )
    assert set(tasks) == {node.id.replace(".", "-") for node in local.components}


def test_it_is_a_pipeline_spec_whose_parts_fit_together(spec, tasks):
    parsed = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    assert parsed.pipeline_info.name == "topic-reviews"
    assert parsed.schema_version == "2.1.0"
    for name, task in tasks.items():
        component = spec["components"][task["componentRef"]["name"]]
        container = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
        assert container["command"] == ["python", "-m", "kubeflow.step"]
        executor = container["args"][container["args"].index("--executor_class_path") + 1]
        assert import_utils.import_class_by_path(executor), name
        for kind in ("artifacts", "parameters"):
            taken = task.get("inputs", {}).get(kind, {})
            assert set(taken) == set(component.get("inputDefinitions", {}).get(kind, {}))


def test_every_artifact_comes_from_a_task_that_is_waited_for(spec, tasks):
    for task in tasks.values():
        for taken in task.get("inputs", {}).get("artifacts", {}).values():
            source = taken["taskOutputArtifact"]
            producer = spec["components"][source["producerTask"]]
            assert source["outputArtifactKey"] in producer["outputDefinitions"]["artifacts"]
            assert source["producerTask"] in task["dependentTasks"]


def test_names_are_such_as_argo_takes(tasks):
    assert all(re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?", name) for name in tasks)


def test_types_of_artifacts_are_found_by_their_title(spec):
    titles = set(
        re.findall(
            r"title: ([\w.]+)", json.dumps(spec["components"]["Ingest"]["outputDefinitions"])
        )
    )
    assert titles == {"tfx.Examples", "components.Quarantine"}
    from components.artifacts import Quarantine

    assert import_utils.import_class_by_path("components.Quarantine") is Quarantine


def test_what_a_run_may_change_is_a_parameter(spec, target):
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert {name: entry["defaultValue"] for name, entry in parameters.items()} == {
        "image": SECTIONS[target]["image"],
        "span": 0,
        "learning_rate": 0.001,
        "steps": 0,
    }
    kinds = [entry["parameterType"] for entry in parameters.values()]
    assert sorted(kinds) == ["NUMBER_DOUBLE", "NUMBER_INTEGER", "NUMBER_INTEGER", "STRING"]


def test_every_image_is_the_parameter(spec, tasks):
    for task in tasks.values():
        given = task["inputs"]["parameters"]["pipelinechannel--image"]
        assert given == {"componentInputParameter": "image"}
    images = {
        executor["container"]["image"] for executor in spec["deploymentSpec"]["executors"].values()
    }
    assert images == {"{{$.inputs.parameters['pipelinechannel--image']}}"}


def test_nodes_that_look_beside_their_artifacts_are_not_cached(tasks):
    cached = {name for name, task in tasks.items() if task["cachingOptions"].get("enableCache")}
    assert cached == set(tasks) - UNCACHED
    assert set(tasks) > UNCACHED


def test_steps_find_files_where_their_machine_has_them(text, target):
    root = {"vertex": "/gcs/bucket/data/reviews", "kubeflow": "/mnt/data/reviews"}[target]
    assert f"{root}/eval.tsv" in text
    assert str(ROOT) not in text


def test_volumes_are_mounted_in_every_step_of_kubeflow(documents, target):
    assert len(documents) == {"vertex": 1, "kubeflow": 2}[target]
    if target == "kubeflow":
        executors = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        assert set(executors) == set(documents[0]["deploymentSpec"]["executors"])
        assert executors["Trainer_executor"]["pvcMount"] == [
            {"constant": "albert-data", "mountPath": "/mnt/data"},
            {"constant": "albert-state", "mountPath": "/mnt/state"},
        ]


def test_the_same_config_gives_the_same_bytes_within_two_seconds(config, target, text):
    start = time.process_time()
    again = compile_config(config, target)
    assert time.process_time() - start < 2.0
    assert again == text


def test_options_of_statistics_are_those_of_both_dependency_sets(tasks):
    parameter = tasks["StatisticsGen"]["inputs"]["parameters"]["stats_options_json"]
    text = parameter["runtimeValue"]["constant"]
    assert json.loads(text)["_slice_sqls"] is None
    assert StatsOptions.from_json(text).experimental_use_sketch_based_topk_uniques
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_this_machines_libraries_are_no_part_of_it(text):
    assert code_version("components.validation") not in text


def test_a_fresh_process_compiles_the_same_without_a_network(tmp_path):
    config_file = tmp_path / "config.yaml"
    config_file.write_text(json.dumps(CONFIG | {"kubeflow": SECTIONS["vertex"]}))
    command = [sys.executable, "-c", WITHOUT_NETWORK, str(config_file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    from pipeline.loading import load_config

    assert done.stdout == compile_config(load_config(config_file), "vertex")


def test_the_command_writes_the_file(tmp_path):
    config_file, out = tmp_path / "config.yaml", tmp_path / "pipeline.yaml"
    config_file.write_text(json.dumps(CONFIG | {"kubeflow": SECTIONS["kubeflow"]}))
    arguments = ["compile", str(config_file), str(out), "--target", "kubeflow"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "for kubeflow" in result.output
    assert out.read_text().startswith("components:")


@pytest.mark.parametrize("place", ["airflow", ""])
def test_the_command_refuses_another_target(tmp_path, place):
    result = CliRunner().invoke(app, ["compile", "config.yaml", "out.yaml", "--target", place])
    assert result.exit_code == 2
