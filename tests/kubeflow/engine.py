"""Runs a compiled pipeline in this process, task by task, as a Kubeflow or Vertex backend would.

It knows the PipelineSpec alone: it fills in `{{$}}` and the run's parameters, hands artifacts from
task to task by URI, and reads what a step reports. Buckets are folders below `root`.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubeflow.record import record_step
from kubeflow.step import run_step
from kubeflow.watch import watch_step

PIPELINE_ROOT = "gs://artifacts/runs"

MODULES = {
    "kubeflow.step": run_step,
    "kubeflow.watch": watch_step,
    "kubeflow.record": record_step,
}
"""What the last word of a container's command runs."""


class Engine:
    """One run after another of a PipelineSpec.

    Attributes:
      images: Those of the tasks that ran.
      answers: What the tasks of the last run reported as parameters, by task.
    """

    def __init__(
        self, spec: dict[str, Any], root: Path, modules: Mapping[str, Callable[..., Any]] = MODULES
    ) -> None:
        self.spec, self.root, self.modules = spec, root, modules
        self.images: set[str] = set()
        self.answers: dict[str, dict[str, Any]] = {}

    def run(self, run_id: str, **given: Any) -> dict[str, dict[str, Any]]:
        """Runs every task; returns the artifacts by task and output key.

        A task that is itself a pipeline has its tasks among them; a skipped one has none.
        """
        known = self.spec["root"]["inputDefinitions"]["parameters"]
        run_values = {name: entry["defaultValue"] for name, entry in known.items()} | given
        self.answers = {}
        return self._run_dag(self.spec["root"]["dag"]["tasks"], run_id, run_values)

    def _run_dag(
        self, tasks: dict[str, Any], run_id: str, values: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        done: dict[str, dict[str, Any]] = {}
        ended: set[str] = set()
        while len(ended) < len(tasks):
            ready = [
                name
                for name, task in tasks.items()
                if name not in ended and set(task.get("dependentTasks", ())) <= ended
            ]
            assert ready, "the tasks wait for each other"
            for name in ready:
                done |= self._run_one(name, tasks[name], run_id, values, done)
                ended.add(name)
        return done

    def _run_one(
        self,
        name: str,
        task: dict[str, Any],
        run_id: str,
        run_values: dict[str, Any],
        done: dict[str, Any],
    ) -> dict[str, dict[str, Any]]:
        component = self.spec["components"][task["componentRef"]["name"]]
        values = {
            key: self._value(given, run_id, run_values)
            for key, given in task.get("inputs", {}).get("parameters", {}).items()
        }
        assert set(values) == set(component.get("inputDefinitions", {}).get("parameters", {}))
        condition = task.get("triggerPolicy", {}).get("condition")
        if condition is not None and not _holds(condition, values):
            return {}
        if "dag" in component:
            return self._run_dag(component["dag"]["tasks"], run_id, values)
        return {name: self._run_task(name, task, run_id, values, done)}

    def folder(self, artifact: dict[str, Any]) -> Path:
        """Returns where the files of an artifact are."""
        return self.root / "gcs" / artifact["uri"].removeprefix("gs://")

    def _run_task(
        self,
        name: str,
        task: dict[str, Any],
        run_id: str,
        values: dict[str, Any],
        done: dict[str, Any],
    ) -> dict[str, Any]:
        component = self.spec["components"][task["componentRef"]["name"]]
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
        arguments = [_filled(argument, values) for argument in arguments]
        run_module = self.modules[container["command"][-1]]
        run_module(arguments, root=str(self.root))
        report = self.root / "gcs" / base.removeprefix("gs://") / "executor_output.json"
        written = json.loads(report.read_text("utf-8"))
        reported, self.answers[name] = written["artifacts"], written.get("parameterValues", {})
        asked = component.get("outputDefinitions", {}).get("parameters", {})
        assert set(self.answers[name]) == set(asked)
        for key, artifact in outputs.items():
            (made,) = reported[key]["artifacts"]
            assert made["uri"] == artifact["uri"]
            artifact["metadata"] = made.get("metadata", {})
        return outputs

    def _value(self, given: dict[str, Any], run_id: str, run_values: dict[str, Any]) -> Any:
        if "taskOutputParameter" in given:
            source = given["taskOutputParameter"]
            return self.answers[source["producerTask"]][source["outputParameterKey"]]
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


def _holds(condition: str, values: dict[str, Any]) -> bool:
    """Evaluates the form of condition that Kubeflow's SDK writes."""
    name, expected = re.fullmatch(
        r"inputs\.parameter_values\['([\w-]+)'\] == '(\w+)'", condition
    ).groups()
    return values[name] == expected
