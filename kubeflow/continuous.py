"""The policy of `watch` in a compiled pipeline: a step before all others, and one after them.

The others become a pipeline in the pipeline, as the `If` of Kubeflow's SDK makes one: it is skipped
as a whole where the first step finds that nothing is due.
"""

from __future__ import annotations

from typing import Any, Final

from kubeflow.parameters import IMAGE, PARAMETERS, PREFIX, ROUND_PARAMETERS
from pipeline.config import RunConfig
from schemas import features as keys

WATCH: Final = "Watch"
ROUND: Final = "Round"
RECORD: Final = "Record"

RECORDED: Final = (
    ("Ingest", keys.QUARANTINE),
    ("Tuner", keys.TUNER_RESULTS),
    ("Trainer", keys.MODEL),
    ("Trainer", "model_run"),
    ("ServingCheck", keys.SERVING_BLESSING),
    ("Evaluate", keys.EVALUATION),
    ("Publish", keys.PUSHED_MODEL),
)
"""Steps and the outputs of them that are read, where a pipeline has the step."""

_DUE: Final = "inputs.parameter_values['due'] == 'true'"
_NUMBERS: Final = {
    parameter.name: {"parameterType": parameter.type_name}
    for parameter in (*PARAMETERS, *ROUND_PARAMETERS)
}
_ANSWERS: Final = {
    "due": {"parameterType": "STRING"},
    "reason": {"parameterType": "STRING"},
    "round": {"parameterType": "NUMBER_INTEGER"},
    "started_at": {"parameterType": "STRING"},
    **_NUMBERS,
}
"""What `kubeflow.watch` answers."""


def input_name(step: str, output: str) -> str:
    """Returns the name of the input of `Record` that an output of a step is."""
    return f"{step}_{output}"


def add_policy(spec: dict[str, Any], config: RunConfig, *, image: str, run_id: str) -> None:
    """Adds the two steps to a pipeline, beside the others.

    Args:
      spec: A PipelineSpec as JSON, changed in place.
      config: The config as steps see it.
      image: What names the image of a step.
      run_id: What the place puts the run's name in for.
    """
    constants = {"config": config.model_dump_json(), "run_id": run_id}
    for step, module in ((WATCH, "kubeflow.watch"), (RECORD, "kubeflow.record")):
        label = f"{step}_executor"
        spec["deploymentSpec"]["executors"][label] = {
            "container": {
                "image": image,
                "command": ["python", "-m", module],
                "args": ["--executor_input", "{{$}}"],
            }
        }
        spec["components"][step] = {
            "executorLabel": label,
            "inputDefinitions": {
                "parameters": {name: {"parameterType": "STRING"} for name in constants}
            },
        }
        spec["root"]["dag"]["tasks"][step] = {
            "taskInfo": {"name": step},
            "componentRef": {"name": step},
            "cachingOptions": {},
            "inputs": {
                "parameters": {
                    name: {"runtimeValue": {"constant": value}} for name, value in constants.items()
                }
            },
        }
    spec["components"][WATCH]["outputDefinitions"] = {"parameters": dict(_ANSWERS)}
    for parameter in PARAMETERS:
        _take(spec, WATCH, parameter.name)
    for name in ("round", "started_at"):
        _take(spec, RECORD, name)
    _take_artifacts(spec)


def _take(spec: dict[str, Any], step: str, name: str) -> None:
    """Hands a parameter of the pipeline around a step to it."""
    definition = dict(_ANSWERS[name])
    spec["components"][step]["inputDefinitions"]["parameters"][PREFIX + name] = definition
    taken = spec["root"]["dag"]["tasks"][step]["inputs"]["parameters"]
    taken[PREFIX + name] = {"componentInputParameter": name}


def _take_artifacts(spec: dict[str, Any]) -> None:
    """Hands the artifacts that are read for the report to the last step."""
    tasks, definitions, inputs = spec["root"]["dag"]["tasks"], {}, {}
    for step, output in RECORDED:
        if step in tasks:
            made = spec["components"][step]["outputDefinitions"]["artifacts"][output]
            name = input_name(step, output)
            definitions[name] = {"artifactType": made["artifactType"]}
            source = {"producerTask": step, "outputArtifactKey": output}
            inputs[name] = {"taskOutputArtifact": source}
    spec["components"][RECORD]["inputDefinitions"]["artifacts"] = definitions
    tasks[RECORD]["inputs"]["artifacts"] = inputs
    tasks[RECORD]["dependentTasks"] = sorted({step for step, _ in RECORDED if step in tasks})


def nest(spec: dict[str, Any]) -> None:
    """Puts all but the first step into a pipeline of their own, which its answers start.

    Args:
      spec: A PipelineSpec as JSON with the steps of `add_policy`, changed in place.
    """
    tasks = spec["root"]["dag"]["tasks"]
    watch = tasks.pop(WATCH)
    spec["components"][ROUND] = {
        "dag": {"tasks": tasks},
        "inputDefinitions": {
            "parameters": {IMAGE: {"parameterType": "STRING"}, **_ANSWERS},
        },
    }
    answers = {
        name: {"taskOutputParameter": {"producerTask": WATCH, "outputParameterKey": name}}
        for name in _ANSWERS
    }
    spec["root"]["dag"]["tasks"] = {
        WATCH: watch,
        ROUND: {
            "taskInfo": {"name": ROUND},
            "componentRef": {"name": ROUND},
            "dependentTasks": [WATCH],
            "inputs": {"parameters": {IMAGE: {"componentInputParameter": IMAGE}, **answers}},
            "triggerPolicy": {"condition": _DUE},
        },
    }
