"""What a container runs: TFX's own entry point, on buckets that lie in the file system.

`python -m kubeflow.step` takes the arguments of TFX's kubeflow_v2_run_executor. Around it, it turns
the URIs of artifacts into the folders that they are mounted or copied at (see kubeflow.locations),
and back in what the step reports; and puts the run's parameters where the config has them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from kubeflow.helpers import is_helper, set_aside, wait_for_chief
from kubeflow.invocation import mounts_below, place, translated
from kubeflow.parameters import taken_in

_RUNNER: Final = "--runner="
"""Begins the option of a Beam step that works on other machines (pipeline.beam)."""


def run_step(arguments: Sequence[str], *, root: str = "") -> None:
    """Runs one task.

    Args:
      arguments: Those of TFX's entry point.
      root: Folder that the mounts are below, without a slash at its end.

    Raises:
      UserError: If a parameter of the run cannot be used.
    """
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    parser = argparse.ArgumentParser(prog="kubeflow.step", allow_abbrev=False)
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True)
    parser.add_argument("--json_serialized_inputs_spec_args", required=True)
    parsed, beam_arguments = parser.parse_known_args(arguments)

    invocation = json.loads(parsed.json_serialized_invocation_args)
    inputs = invocation.setdefault("inputs", {})
    inputs["parameterValues"] = taken_in(inputs.get("parameterValues", {}))
    # Workers on other machines have no folders for the buckets; the steps that use them need none.
    is_spread = any(argument.startswith(_RUNNER) for argument in beam_arguments)
    to_folder = {} if is_spread else mounts_below(root)
    place(invocation, to_folder)
    helps = is_helper(os.environ.get("TF_CONFIG", ""))
    report = Path(invocation["outputs"]["outputFile"])
    if helps:
        set_aside(invocation, Path(tempfile.mkdtemp(prefix="helper-")))
    parsed.json_serialized_invocation_args = json.dumps(invocation)
    kubeflow_v2_run_executor.main((parsed, beam_arguments))
    if helps:
        wait_for_chief(report)
    elif not is_spread:
        _report_uris(report, to_folder)


def _report_uris(report: Path, to_folder: Mapping[str, str]) -> None:
    """Turns the folders in what the step reports back into URIs."""
    to_uri = {folder: scheme for scheme, folder in to_folder.items()}
    report.write_text(json.dumps(translated(json.loads(report.read_text("utf-8")), to_uri)))


if __name__ == "__main__":
    # A step needs the messages of the SDK alone, whose other half takes seconds to import.
    os.environ.setdefault("_KFP_RUNTIME", "true")
    run_step(sys.argv[1:])
