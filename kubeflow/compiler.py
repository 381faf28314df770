"""Compiles a config to a pipeline that Vertex AI and Kubeflow Pipelines run, as YAML."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml

from kubeflow.continuous import add_policy, nest
from kubeflow.locations import Target, located
from kubeflow.machines import check_machines, equip, node_choice
from kubeflow.parameters import IMAGE, PARAMETERS, PREFIX, ROUND_PARAMETERS
from pipeline.config import RunConfig
from pipeline.kubeflow_config import KubeflowConfig

COMMAND: Final = ["python", "-m", "kubeflow.step"]
RUN_ID: Final = "{{$.pipeline_job_name}}"
"""Put in by the backend as a task starts."""

_IMAGE_INPUT: Final = f"{{{{$.inputs.parameters['{PREFIX}{IMAGE}']}}}}"


def compile_config(config: RunConfig, target: Target) -> str:
    """Returns the compiled pipeline: a PipelineSpec, and for volumes the platform's part after it.

    The same config gives the same text. Nothing is read but files of this machine: no network, no
    credentials.

    Args:
      config: The run config, with its section `kubeflow`.
      target: Where it will run.

    Raises:
      UserError: If a path could not be reached from there.
    """
    there = located(config, target)
    spec = _pipeline_spec(there, config)
    _level_statistics(spec)
    if config.is_watched:
        add_policy(spec, there, image=_IMAGE_INPUT, run_id=RUN_ID)
    if config.kubeflow:
        check_machines(config.kubeflow, set(spec["root"]["dag"]["tasks"]), target)
        equip(spec, config.kubeflow, target)
    _add_parameters(spec, config)
    _leave_uncached(spec)
    if config.is_watched:
        nest(spec)
    if config.kubeflow and config.kubeflow.pipeline_root:
        spec["defaultPipelineRoot"] = config.kubeflow.pipeline_root
    _check(spec)
    documents = [spec]
    if target == "kubeflow" and config.kubeflow:
        platform = _platform_spec(spec, config.kubeflow)
        if platform:
            documents.append(platform)
    return yaml.safe_dump_all(documents, sort_keys=True, width=100, allow_unicode=True)


def _pipeline_spec(config: RunConfig, original: RunConfig) -> dict[str, Any]:
    """Builds the pipeline and has TFX compile it.

    Args:
      config: The config as steps see it.
      original: The config as this machine sees it, whose curated schema is read here.
    """
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as tfx_runner

    from components.validation.schema import write_schema
    from kubeflow.backend import FolderBackend
    from pipeline.build import build_pipeline
    from pipeline.code_version import libraries_elsewhere

    with tempfile.TemporaryDirectory() as folder, libraries_elsewhere():
        pipeline = build_pipeline(
            _with_image_of_workers(config),
            sources=None,
            schema_file=write_schema(
                original.validation, original.typed_task, original.ingest, Path(folder)
            ),
            run_id=RUN_ID,
            backend=FolderBackend(config, RUN_ID),
        )
    for component in pipeline.components:
        component.with_id(component.id.replace(".", "-"))  # Argo's names have no dots
    # The name of a config may hold an underscore, the name of a pipeline there may not.
    pipeline.pipeline_info.pipeline_name = config.name.replace("_", "-")
    runner = tfx_runner.KubeflowV2DagRunner(
        tfx_runner.KubeflowV2DagRunnerConfig(
            default_image=_IMAGE_INPUT, default_commands=COMMAND, use_pipeline_spec_2_1=True
        )
    )
    return runner.run(pipeline, write_out=False)["pipelineSpec"]


def _level_statistics(spec: dict[str, Any]) -> None:
    """Writes the options of StatisticsGen alike on both dependency sets.

    The older TFDV has one more, and misses it where it is left out; the newer one does not read it.
    """
    taken = spec["root"]["dag"]["tasks"]["StatisticsGen"]["inputs"]["parameters"]
    value = taken["stats_options_json"]["runtimeValue"]
    options = {"_slice_sqls": None, **json.loads(value["constant"])}
    value["constant"] = json.dumps(options, sort_keys=True)


def _with_image_of_workers(config: RunConfig) -> RunConfig:
    """Returns `config` with the run's image for Beam's workers, where it names none."""
    if not config.beam.is_distributed or config.beam.image is not None:
        return config
    beam = config.beam.model_copy(update={"image": _IMAGE_INPUT})
    return config.model_copy(update={"beam": beam})


def _add_parameters(spec: dict[str, Any], config: RunConfig) -> None:
    """Adds the run's parameters to the pipeline, and to the tasks that take them."""
    inputs = spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})
    inputs[IMAGE] = {
        "parameterType": "STRING",
        "defaultValue": config.kubeflow.image if config.kubeflow else "",
        "description": "Image of every step.",
    }
    tasks = spec["root"]["dag"]["tasks"]
    for task in tasks:
        _add_input(spec, task, IMAGE, "STRING")
    for parameter in PARAMETERS:
        inputs[parameter.name] = {
            "parameterType": parameter.type_name,
            # With the policy of `watch`, the config's own values are not for every round.
            "defaultValue": parameter.unset
            if config.is_watched
            else parameter.read(config) or parameter.unset,
            "description": parameter.description,
        }
    for parameter in (*PARAMETERS, *(ROUND_PARAMETERS if config.is_watched else ())):
        for task in tasks.keys() & set(parameter.nodes):
            _add_input(spec, task, parameter.name, parameter.type_name)


def _add_input(spec: dict[str, Any], task: str, name: str, kind: str) -> None:
    """Hands a parameter of the run to a task."""
    component = spec["components"][task].setdefault("inputDefinitions", {})
    component.setdefault("parameters", {})[PREFIX + name] = {"parameterType": kind}
    inputs = spec["root"]["dag"]["tasks"][task].setdefault("inputs", {})
    inputs.setdefault("parameters", {})[PREFIX + name] = {"componentInputParameter": name}


def _leave_uncached(spec: dict[str, Any]) -> None:
    from kubeflow.backend import UNCACHED

    for task in UNCACHED:
        spec["root"]["dag"]["tasks"][task]["cachingOptions"] = {}


def _check(spec: dict[str, Any]) -> None:
    """Holds the result against the PipelineSpec proto: an unknown or wrong field raises."""
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())


def _platform_spec(spec: dict[str, Any], section: KubeflowConfig) -> dict[str, Any]:
    """Returns the second document: volumes of every step's pod, and nodes; empty without both."""
    mounts = [
        {"constant": claim, "mountPath": path} for claim, path in sorted(section.volumes.items())
    ]
    executors: dict[str, Any] = {}
    for name, component in spec["components"].items():
        if "executorLabel" not in component:
            continue
        machine = section.machines.get(name)
        part = {"pvcMount": list(mounts)} if mounts else {}
        part |= node_choice(machine) if machine else {}
        if part:
            executors[component["executorLabel"]] = part
    if not executors:
        return {}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
