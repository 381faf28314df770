"""Runs of other commands in processes of their own: the watcher itself stays small for months."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.errors import AlbertTfxError

_PROGRAM = (sys.executable, "-m", "pipeline.cli")


def launch_run(config_path: Path) -> int:
    """Runs a config in a process of its own, on this terminal, and returns its exit code."""
    return subprocess.run([*_PROGRAM, "run", str(config_path)], check=False).returncode


def ask(arguments: Sequence[str], answers: Sequence[int]) -> Any:
    """Returns what a command with `--json` prints.

    Args:
      arguments: The command and its arguments.
      answers: Exit codes with which it answers; any other is a failure.

    Raises:
      AlbertTfxError: If the command fails; the message is its own.
    """
    done = subprocess.run([*_PROGRAM, *arguments], check=False, capture_output=True)
    if done.returncode not in answers:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise AlbertTfxError(
            f"`albert-tfx {' '.join(arguments)}` ended with exit code {done.returncode}: "
            f"{said[-1] if said else 'no message'}"
        )
    return json.loads(done.stdout)
