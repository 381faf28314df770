"""What a task is started with, `{{$}}` filled in: artifacts as folders, and what it reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubeflow.locations import MOUNTS
from kubeflow.parameters import Value


def mounts_below(root: str) -> dict[str, str]:
    """Returns the folder of each kind of bucket, by how its URIs begin.

    Args:
      root: Folder that the mounts are below, without a slash at its end.
    """
    return {scheme: root + name for scheme, name in MOUNTS.items()}


def place(invocation: dict[str, Any], to_folder: Mapping[str, str]) -> None:
    """Turns the URIs of artifacts into folders, and makes those of the outputs."""
    for side in ("inputs", "outputs"):
        part = invocation.setdefault(side, {})
        part["artifacts"] = translated(part.get("artifacts", {}), to_folder)
    outputs = invocation["outputs"]
    outputs["outputFile"] = translated(outputs["outputFile"], to_folder)
    artifacts = [item for listed in outputs["artifacts"].values() for item in listed["artifacts"]]
    if to_folder:
        for artifact in artifacts:
            Path(artifact["uri"]).mkdir(parents=True, exist_ok=True)


def translated(value: Any, prefixes: Mapping[str, str]) -> Any:
    """Returns JSON with every text that starts with one of `prefixes` starting otherwise.

    >>> translated({"uri": ["gs://bucket/model"]}, {"gs://": "/gcs/"})
    {'uri': ['/gcs/bucket/model']}
    """
    if isinstance(value, dict):
        return {key: translated(inner, prefixes) for key, inner in value.items()}
    if isinstance(value, list):
        return [translated(inner, prefixes) for inner in value]
    if isinstance(value, str):
        for old, new in prefixes.items():
            if value.startswith(old):
                return new + value.removeprefix(old)
    return value


def report_parameters(invocation: Mapping[str, Any], values: Mapping[str, Value]) -> None:
    """Reports values that other tasks take as parameters, for a task without artifacts."""
    report = Path(invocation["outputs"]["outputFile"])
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"parameterValues": dict(values), "artifacts": {}}), "utf-8")
