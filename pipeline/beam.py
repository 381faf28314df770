"""Hands the Beam steps of a pipeline the options of Beam that the config asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from pipeline.beam_config import BeamConfig
from schemas.errors import UserError

DISTRIBUTED_STEPS: Final = ("Ingest", "StatisticsGen", "TextTransform")
"""Steps whose work grows with the data. `Evaluate` stays where its models lie."""


def spread_steps(nodes: Iterable[BaseNode], config: BeamConfig, pipeline_name: str) -> None:
    """Gives the steps that can work on many machines their options; the rest stay as they are.

    Args:
      nodes: Nodes of a pipeline, changed in place.
      config: The section `beam`.
      pipeline_name: Begins the names of the jobs.

    Raises:
      UserError: If there is no image for the workers.
    """
    if not config.is_distributed:
        return
    for node in nodes:
        if node.id in DISTRIBUTED_STEPS:
            spec = cast(BeamExecutorSpec, node.executor_spec)
            spec.add_beam_pipeline_args(beam_arguments(config, f"{pipeline_name}-{node.id}"))


def beam_arguments(config: BeamConfig, job_name: str) -> list[str]:
    """Returns the options of one job; none for the direct runner.

    For any option of which none names where our code comes from, TFX would pack itself into an
    archive and leave our packages out; the image names it.

    Args:
      config: The section `beam`.
      job_name: Name of the job; what Dataflow does not take in a name is replaced.

    Raises:
      UserError: If there is no image for the workers.
    """
    if not config.is_distributed:
        return []
    if config.image is None:
        raise UserError(
            f"beam.image must name the image of the workers for the runner {config.runner}; "
            "received none; build one with kubeflow/Dockerfile"
        )
    name = job_name.lower().replace("_", "-")
    of_runner = _dataflow if config.runner == "dataflow" else _flink
    return [f"--job_name={name}", *of_runner(config, config.image), *config.options]


def _dataflow(config: BeamConfig, image: str) -> list[str]:
    workers = [] if config.max_workers is None else [f"--max_num_workers={config.max_workers}"]
    if config.autoscaling:
        workers.append("--autoscaling_algorithm=THROUGHPUT_BASED")
    else:
        workers += [f"--num_workers={config.max_workers}", "--autoscaling_algorithm=NONE"]
    optional = {
        "worker_machine_type": config.machine_type,
        "subnetwork": config.subnetwork,
        "service_account_email": config.service_account,
    }
    return [
        "--runner=DataflowRunner",
        f"--project={config.project}",
        f"--region={config.region}",
        f"--temp_location={config.temp_location}",
        f"--sdk_container_image={image}",
        "--sdk_location=container",  # the image holds Beam; nothing is fetched for it
        "--experiments=use_runner_v2",
        *workers,
        *([] if config.public_ips else ["--no_use_public_ips"]),
        *(f"--{option}={value}" for option, value in optional.items() if value is not None),
    ]


def _flink(config: BeamConfig, image: str) -> list[str]:
    """Options for a Flink cluster whose task managers start the workers' image beside them."""
    return [
        "--runner=FlinkRunner",
        f"--flink_master={config.flink_master}",
        "--flink_submit_uber_jar",
        f"--parallelism={config.max_workers or 1}",
        f"--sdk_container_image={image}",
        "--environment_type=EXTERNAL",
        "--environment_config=localhost:50000",
    ]
