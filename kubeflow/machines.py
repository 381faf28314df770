"""Steps on machines of their own: resources, nodes and retries in a compiled pipeline."""

from __future__ import annotations

from typing import Any, Final

from kubeflow.job_plan import as_job, is_job, job_problems
from kubeflow.locations import Target
from pipeline.kubeflow_config import KubeflowConfig, Machine
from schemas.errors import UserError

SPOT_LABEL: Final = "cloud.google.com/gke-spot"
"""Label and taint of the spot nodes of GKE."""

_BACKOFF: Final = {"backoffDuration": "60s", "backoffFactor": 2.0, "backoffMaxDuration": "3600s"}
"""Waits for the next machine: 1, 2, 4 … minutes, an hour at most."""


def check_machines(section: KubeflowConfig, steps: set[str], target: Target) -> None:
    """Checks that the machines fit the pipeline and the place.

    Args:
      section: Its machines are by name of the step.
      steps: The steps that there are.
      target: Where the pipeline will run.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    machines = section.machines
    problems = [
        f"{name}: there is no such step; there are {', '.join(sorted(steps))}"
        for name in sorted(machines.keys() - steps)
    ]
    for name, machine in machines.items():
        found = _problems(machine, target)
        if is_job(machine, target):
            found += job_problems(name, machine, section.vertex)
        problems += [f"{name}.{problem}" for problem in found]
    if problems:
        raise UserError("\n  ".join([f"kubeflow.machines cannot be had on {target}:", *problems]))


def _problems(machine: Machine, target: Target) -> list[str]:
    accelerator = machine.accelerator or ""
    if target == "vertex":
        problems = []
        if "/" in accelerator:
            problems.append(f"accelerator: a type such as NVIDIA_L4; received {accelerator}")
        if machine.node_labels:
            problems.append("node_labels: Vertex has no nodes to choose; leave them out")
        if machine.machine_type is not None and not is_job(machine, target):
            problems.append("machine_type: is for workers and spot; give cpu and memory_gb here")
        return problems
    problems = [
        f"{key}: a step of Kubeflow is one pod, whose node is chosen with node_labels; leave it out"
        for key in ("workers", "machine_type")
        if getattr(machine, key) not in (None, 1)
    ]
    if accelerator and "/" not in accelerator:
        problems.append(
            f"accelerator: a resource such as nvidia.com/gpu; received {accelerator}; "
            "choose the type with node_labels"
        )
    return problems


def equip(spec: dict[str, Any], section: KubeflowConfig, target: Target) -> None:
    """Adds resources, jobs and retries to the steps of a compiled pipeline.

    Args:
      spec: A PipelineSpec as JSON, changed in place.
      section: Its machines are by name of the step.
      target: Where the pipeline will run.
    """
    for name, machine in section.machines.items():
        label = spec["components"][name]["executorLabel"]
        container = spec["deploymentSpec"]["executors"][label]["container"]
        resources = _resources(machine)
        if is_job(machine, target) and section.vertex is not None:
            job = f"{spec['pipelineInfo']['name']}-{name}"
            as_job(container, job, machine, section.vertex)
        elif resources:
            container["resources"] = resources
        if machine.num_retries:
            task = spec["root"]["dag"]["tasks"][name]
            task["retryPolicy"] = {"maxRetryCount": machine.num_retries, **_BACKOFF}


def _resources(machine: Machine) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    if machine.cpu is not None:
        resources["cpuLimit"] = machine.cpu
    if machine.memory_gb is not None:
        resources["memoryLimit"] = machine.memory_gb
    if machine.accelerator is not None:
        # A 64-bit number is a text in the JSON of a proto.
        count = str(machine.accelerator_count)
        resources["accelerator"] = {"type": machine.accelerator, "count": count}
    return resources


def node_choice(machine: Machine) -> dict[str, Any]:
    """Returns what Kubernetes is told of the node of a step; nothing where any will do."""
    labels = dict(machine.node_labels) | ({SPOT_LABEL: "true"} if machine.spot else {})
    choice: dict[str, Any] = {"nodeSelector": {"labels": labels}} if labels else {}
    if machine.spot:
        taint = {"key": SPOT_LABEL, "operator": "Equal", "value": "true", "effect": "NoSchedule"}
        choice["tolerations"] = [taint]
    return choice
