"""Steps on machines of their own: resources, nodes and retries in a compiled pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kubeflow.locations import Target
from pipeline.kubeflow_config import Machine
from schemas.errors import UserError

SPOT_LABEL: Final = "cloud.google.com/gke-spot"
"""Label and taint of the spot nodes of GKE."""

_BACKOFF: Final = {"backoffDuration": "60s", "backoffFactor": 2.0, "backoffMaxDuration": "3600s"}
"""Waits for the next machine: 1, 2, 4 … minutes, an hour at most."""


def check_machines(machines: Mapping[str, Machine], steps: set[str], target: Target) -> None:
    """Checks that the machines fit the pipeline and the place.

    Args:
      machines: By name of the step.
      steps: The steps that there are.
      target: Where the pipeline will run.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    problems = [
        f"{name}: there is no such step; there are {', '.join(sorted(steps))}"
        for name in sorted(machines.keys() - steps)
    ]
    for name, machine in machines.items():
        problems += [f"{name}.{problem}" for problem in _problems(machine, target)]
    if problems:
        raise UserError("\n  ".join([f"kubeflow.machines cannot be had on {target}:", *problems]))


def _problems(machine: Machine, target: Target) -> list[str]:
    problems = []
    accelerator = machine.accelerator or ""
    if target == "vertex":
        if "/" in accelerator:
            problems.append(f"accelerator: a type such as NVIDIA_L4; received {accelerator}")
        if machine.spot:
            problems.append("spot: Vertex gives a pipeline's steps no spot machines; leave it out")
        if machine.node_labels:
            problems.append("node_labels: Vertex has no nodes to choose; leave them out")
    elif accelerator and "/" not in accelerator:
        problems.append(
            f"accelerator: a resource such as nvidia.com/gpu; received {accelerator}; "
            "choose the type with node_labels"
        )
    return problems


def equip(spec: dict[str, Any], machines: Mapping[str, Machine]) -> None:
    """Adds resources and retries to the steps of a compiled pipeline.

    Args:
      spec: A PipelineSpec as JSON, changed in place.
      machines: By name of the step.
    """
    for name, machine in machines.items():
        resources = _resources(machine)
        label = spec["components"][name]["executorLabel"]
        if resources:
            spec["deploymentSpec"]["executors"][label]["container"]["resources"] = resources
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
