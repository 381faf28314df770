"""Steps on machines of their own, in the compiled pipeline."""

import json

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from kubeflow.compiler import compile_config
from kubeflow.step import run_step
from pipeline.loading import check_config
from schemas.errors import UserError
from tests.kubeflow.conftest import CONFIG, SECTIONS

GPU = {"vertex": "NVIDIA_L4", "kubeflow": "nvidia.com/gpu"}
DATAFLOW = {
    "runner": "dataflow",
    "project": "a-project",
    "region": "europe-west4",
    "temp_location": "gs://bucket/temp",
}


def _documents(target, machines=None, **sections):
    kubeflow = SECTIONS[target] | sections.pop("kubeflow", {})
    if machines is not None:
        kubeflow["machines"] = machines
    config = check_config(CONFIG | sections | {"kubeflow": kubeflow}, source="a test")
    return list(yaml.safe_load_all(compile_config(config, target)))


def test_the_trainer_gets_its_accelerators_and_no_other_step(target):
    machine = {"accelerator": GPU[target], "accelerator_count": 2, "cpu": 12, "memory_gb": 48}
    spec = _documents(target, {"Trainer": machine})[0]
    executors = spec["deploymentSpec"]["executors"]
    assert {name for name, part in executors.items() if "resources" in part["container"]} == {
        spec["components"]["Trainer"]["executorLabel"]
    }
    resources = executors["Trainer_executor"]["container"]["resources"]
    parsed = json_format.ParseDict(
        resources, pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec()
    )
    assert (parsed.accelerator.type, parsed.accelerator.count) == (GPU[target], 2)
    assert (parsed.cpu_limit, parsed.memory_limit) == (12.0, 48.0)


def test_a_spot_step_is_started_again_and_chooses_its_nodes():
    labels = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    machine = {"accelerator": "nvidia.com/gpu", "spot": True, "node_labels": labels}
    spec, platform = _documents("kubeflow", {"Trainer": machine})
    assert spec["root"]["dag"]["tasks"]["Trainer"]["retryPolicy"]["maxRetryCount"] == 5
    assert "retryPolicy" not in spec["root"]["dag"]["tasks"]["Ingest"]
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    trainer = executors["Trainer_executor"]
    assert trainer["nodeSelector"]["labels"] == labels | {"cloud.google.com/gke-spot": "true"}
    assert trainer["tolerations"][0]["key"] == "cloud.google.com/gke-spot"
    assert len(trainer["pvcMount"]) == 2  # its checkpoints outlive the node
    assert "nodeSelector" not in executors["Ingest_executor"]


def test_retries_are_on_vertex_too():
    spec = _documents("vertex", {"Trainer": {"retries": 2}})[0]
    assert spec["root"]["dag"]["tasks"]["Trainer"]["retryPolicy"]["maxRetryCount"] == 2


@pytest.mark.parametrize(
    ("place", "machines", "problem"),
    [
        ("vertex", {"Treiner": {}}, "Treiner: there is no such step; there are .*Trainer"),
        ("vertex", {"Trainer": {"accelerator": "nvidia.com/gpu"}}, "a type such as NVIDIA_L4"),
        ("vertex", {"Trainer": {"spot": True}}, "Trainer.machine_type: workers and spot need one"),
        ("vertex", {"Trainer": {"node_labels": {"a": "b"}}}, "Trainer.node_labels: "),
        ("kubeflow", {"Trainer": {"accelerator": "NVIDIA_L4"}}, "such as nvidia.com/gpu"),
        ("kubeflow", {"Trainer": {"accelerator": "two words"}}, "accelerator: must be of the form"),
        ("kubeflow", {"Trainer": {"cpu": 0}}, "greater than 0"),
        ("kubeflow", {"Trainer": {"workers": 2}}, "Trainer.workers: a step of Kubeflow is one pod"),
        (
            "kubeflow",
            {"Trainer": {"machine_type": "n2-standard-8"}},
            "Trainer.machine_type: a step",
        ),
    ],
)
def test_a_machine_that_cannot_be_had_is_refused(place, machines, problem):
    with pytest.raises(UserError, match=problem):
        _documents(place, machines)


def test_beam_steps_go_to_dataflow_with_the_image_of_the_run():
    spec = _documents("vertex", beam=DATAFLOW)[0]
    arguments = {
        name: part["container"]["args"]
        for name, part in spec["deploymentSpec"]["executors"].items()
    }
    spread = {name for name, given in arguments.items() if "--runner=DataflowRunner" in given}
    assert spread == {"Ingest_executor", "StatisticsGen_executor", "TextTransform_executor"}
    assert (
        "--sdk_container_image={{$.inputs.parameters['pipelinechannel--image']}}"
        in arguments["Ingest_executor"]
    )


def test_workers_elsewhere_read_the_bucket_and_not_a_mount():
    spec = _documents("vertex", beam=DATAFLOW)[0]
    parameters = spec["root"]["dag"]["tasks"]["Ingest"]["inputs"]["parameters"]
    ingest = json.loads(parameters["config"]["runtimeValue"]["constant"])
    assert ingest["eval"] == "gs://bucket/data/reviews/eval.tsv"


def test_flink_on_the_cluster_needs_artifacts_that_its_workers_reach():
    flink = {"runner": "flink", "flink_master": "flink:8081"}
    with pytest.raises(UserError, match=r"kubeflow\.pipeline_root: unset; the workers of flink"):
        _documents("kubeflow", beam=flink)
    spec = _documents("kubeflow", beam=flink, kubeflow={"pipeline_root": "gs://bucket/runs"})[0]
    assert "--runner=FlinkRunner" in json.dumps(spec["deploymentSpec"])


def test_a_step_with_workers_elsewhere_is_given_the_uris_themselves(monkeypatch):
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    seen = []
    monkeypatch.setattr(kubeflow_v2_run_executor, "main", seen.append)
    artifact = {"artifacts": [{"uri": "gs://bucket/runs/examples"}]}
    outputs = {"artifacts": {"examples": artifact}, "outputFile": "gs://bucket/out.json"}
    run_step(
        [
            "--executor_class_path=components.ingest.executor.Executor",
            f"--json_serialized_invocation_args={json.dumps({'outputs': outputs})}",
            "--json_serialized_inputs_spec_args={}",
            "--runner=DataflowRunner",
        ]
    )
    ((parsed, beam_arguments),) = seen
    given = json.loads(parsed.json_serialized_invocation_args)["outputs"]
    assert given == outputs
    assert beam_arguments == ["--runner=DataflowRunner"]
