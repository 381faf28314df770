"""The CI workflow compiles what it says, and names targets and files that are there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "pipeline.yml").read_text("utf-8"))


def commands():
    return "\n".join(
        step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step
    )


def test_its_make_targets_are_there():
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"\bmake (\w+)", commands())) <= targets
    assert (ROOT / WORKFLOW["env"]["CONFIG"]).is_file()


@pytest.mark.slow
def test_both_targets_are_compiled(tmp_path):
    tree = tmp_path / "tree"
    (tree / ".venv" / "bin").mkdir(parents=True)
    command = tree / ".venv" / "bin" / "albert-tfx"
    command.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -m pipeline.cli "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, **WORKFLOW["env"]}
    done = subprocess.run(
        [ROOT / ".ci" / "compile", tmp_path / "compiled"],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for target in ("vertex", "kubeflow"):
        assert "deploymentSpec" in (tmp_path / "compiled" / f"{target}.yaml").read_text("utf-8")
