"""A step as a custom job of Vertex AI: on which machines, and what starts it in the pipeline."""

from __future__ import annotations

from typing import Any, Final

from pydantic import PositiveInt

from kubeflow.locations import Target
from pipeline.kubeflow_config import Machine
from pipeline.submit_config import VertexConfig
from schemas.section import Section

COMMAND: Final = ["python", "-m", "kubeflow.job"]


class JobPlan(Section):
    """The machines of a job, and whose they are.

    Attributes:
      name: What the job is called.
      vertex: Project, region, account and network.
      machine_type: Of every machine.
      accelerator: Type of the accelerators of a machine; None: none.
      accelerator_count: How many of them a machine has.
      workers: Machines that work together; the first of them is the chief.
      spot: Whether they may be taken away.
    """

    name: str
    vertex: VertexConfig
    machine_type: str
    accelerator: str | None
    accelerator_count: PositiveInt
    workers: PositiveInt
    spot: bool


def is_job(machine: Machine, target: Target) -> bool:
    """Returns whether a step needs a job of its own: a step of a pipeline is one machine there."""
    return target == "vertex" and (machine.workers > 1 or machine.spot)


def job_problems(step: str, machine: Machine, vertex: VertexConfig | None) -> list[str]:
    """Returns what is missing for a job, a line each."""
    problems = []
    if vertex is None:
        problems.append("workers, spot: need kubeflow.vertex with project and region")
    if machine.machine_type is None:
        problems.append("machine_type: workers and spot need one, such as g2-standard-24")
    if machine.cpu is not None or machine.memory_gb is not None:
        problems.append("cpu, memory_gb: machine_type says them here; leave them out")
    if machine.workers > 1 and step != "Trainer":
        problems.append(f"workers: only Trainer works on several; received {machine.workers}")
    return problems


def as_job(container: dict[str, Any], name: str, machine: Machine, vertex: VertexConfig) -> None:
    """Has a container of a compiled pipeline start a job that runs what it ran, and wait for it.

    Args:
      container: Of the step, changed in place.
      name: What the job is called.
      machine: What the step runs on, checked by `job_problems`.
      vertex: Where the job is started.
    """
    plan = JobPlan(
        name=name,
        vertex=vertex,
        machine_type=str(machine.machine_type),
        accelerator=machine.accelerator,
        accelerator_count=machine.accelerator_count,
        workers=machine.workers,
        spot=machine.spot,
    )
    options = ["--plan", plan.model_dump_json(), "--image", container["image"], "--"]
    container["args"] = [*options, *container["command"], *container["args"]]
    container["command"] = COMMAND
