"""A step on several machines: all but the chief compute, and leave what is written to it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

_MODEL_FOLDER: Final = "Format-Serving"
"""TFX's Trainer fails where it is missing afterwards; only the chief writes into it."""


def is_helper(tf_config: str) -> bool:
    """Returns whether this is one of several machines, and not the one that writes.

    Args:
      tf_config: The variable TF_CONFIG; empty where there is one machine.

    >>> is_helper('{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, '
    ...           '"task": {"type": "worker", "index": 0}}')
    True
    """
    config = json.loads(tf_config) if tf_config.strip() else {}
    task = config.get("task", {})
    has_chief = bool(config.get("cluster", {}).get("chief"))
    is_first = task.get("type") == "chief" or (not has_chief and task.get("index") == 0)
    return bool(task) and not is_first


def set_aside(invocation: dict[str, Any], folder: Path) -> None:
    """Puts all that a task would write below a folder of its own.

    Args:
      invocation: Of the task, changed in place.
      folder: Of this machine alone.
    """
    outputs = invocation["outputs"]
    outputs["outputFile"] = str(folder / "executor_output.json")
    for name, listed in outputs["artifacts"].items():
        for artifact in listed["artifacts"]:
            artifact["uri"] = str(folder / name)
            (folder / name / _MODEL_FOLDER).mkdir(parents=True)


def wait_for_chief(report: Path, *, poll_seconds: float = 2.0) -> None:
    """Returns when the chief has written its report.

    TensorFlow takes a chief for lost that writes its model while the others are gone. Where the
    chief fails, the job does, and with it this machine.

    Args:
      report: What the chief writes last.
      poll_seconds: Time between two looks.
    """
    while not report.is_file():
        time.sleep(poll_seconds)
