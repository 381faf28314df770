"""Runs a compiled pipeline in this process, task by task, as a Kubeflow or Vertex backend would.

It knows the PipelineSpec alone: it fills in `{{$}}` and the run's parameters, hands artifacts from
task to task by URI, and reads what a step reports. Buckets are folders below `root`.
"""

import json
import re
from pathlib import Path
from typing import Any

from kubeflow.step import run_step

PIPELINE_ROOT = "gs://artifacts/runs"


class Engine:
    """One run after another of a PipelineSpec."""

    def __init__(self, spec: dict[str, Any], root: Path) -> None:
        self.spec, self.root = spec, root
        self.tasks = spec["root"]["dag"]["tasks"]
        self.images: set[str] = set()

    def run(self, run_id: str, **given: Any) -> dict[str, dict[str, Any]]:
        """Runs every task; returns the artifacts by task and output key."""
        known = self.spec["root"]["inputDefinitions"]["parameters"]
        run_values = {name: entry["defaultValue"] for name, entry in known.items()} | given
        done: dict[str, dict[str, Any]] = {}
        while len(done) < len(self.tasks):
            ready = [
                name
                for name, task in self.tasks.items()
                if name not in done and set(task.get("dependentTasks", ())) <= set(done)
            ]
            assert ready, "the tasks wait for each other"
            for name in ready:
                done[name] = self._run_task(name, run_id, run_values, done)
        return done

    def folder(self, artifact: dict[str, Any]) -> Path:
        """Returns where the files of an artifact are."""
        return self.root / "gcs" / artifact["uri"].removeprefix("gs://")

    def _run_task(
        self, name: str, run_id: str, run_values: dict[str, Any], done: dict[str, Any]
    ) -> dict[str, Any]:
        task = self.tasks[name]
        component = self.spec["components"][task["componentRef"]["name"]]
        values = {
            key: self._value(given, run_id, run_values)
            for key, given in task.get("inputs", {}).get("parameters", {}).items()
        }
        assert set(values) == set(component.get("inputDefinitions", {}).get("parameters", {}))
        inputs = {}
        for key, given in task.get("inputs", {}).get("artifacts", {}).items():
            source = given["taskOutputArtifact"]
            assert source["producerTask"] in task["dependentTasks"]
            inputs[key] = done[source["producerTask"]][source["outputArtifactKey"]]
        base = f"{PIPELINE_ROOT}/{run_id}/{name}"
        outputs = {
            key: {
                "name": f"artifacts/{run_id}-{name}-{key}",
                "uri": f"{base}/{key}",
                "type": entry["artifactType"],
                "metadata": entry.get("metadata", {}),
            }
            for key, entry in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        invocation = {
            "inputs": {"parameterValues": values, "artifacts": _listed(inputs)},
            "outputs": {
                "artifacts": _listed(outputs),
                "outputFile": f"{base}/executor_output.json",
            },
        }
        label = component["executorLabel"]
        container = self.spec["deploymentSpec"]["executors"][label]["container"]
        self.images.add(_filled(container["image"], values))
        arguments = [
            argument.replace("{{$}}", json.dumps(invocation)) for argument in container["args"]
        ]
        run_step(arguments, root=str(self.root))
        report = self.root / "gcs" / base.removeprefix("gs://") / "executor_output.json"
        reported = json.loads(report.read_text("utf-8"))["artifacts"]
        for key, artifact in outputs.items():
            (made,) = reported[key]["artifacts"]
            assert made["uri"] == artifact["uri"]
            artifact["metadata"] = made.get("metadata", {})
        return outputs

    @staticmethod
    def _value(given: dict[str, Any], run_id: str, run_values: dict[str, Any]) -> Any:
        if "componentInputParameter" in given:
            return run_values[given["componentInputParameter"]]
        value = given["runtimeValue"]["constant"]
        return run_id if value == "{{$.pipeline_job_name}}" else value


def _listed(artifacts: dict[str, Any]) -> dict[str, Any]:
    return {key: {"artifacts": [artifact]} for key, artifact in artifacts.items()}


def _filled(text: str, values: dict[str, Any]) -> str:
    return re.sub(
        r"\{\{\$\.inputs\.parameters\['(.+?)'\]\}\}", lambda found: values[found[1]], text
    )
