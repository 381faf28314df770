"""The image: its Dockerfile is sound, and copies what the sdist needs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "kubeflow" / "Dockerfile"


def instructions():
    """Yields (instruction, arguments) of the Dockerfile, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, rest.split()


def copied_from_the_tree():
    return [
        source
        for name, words in instructions()
        if name == "COPY" and not words[0].startswith("--from")
        for source in words[:-1]
    ]


def packages():
    """Returns the top-level packages that setup.py lists."""
    text = (ROOT / "setup.py").read_text("utf-8")
    return set(re.findall(r'^ +"(\w+)",$', text, re.MULTILINE)) & {
        path.name for path in ROOT.iterdir() if path.is_dir()
    }


def test_the_dockerfile_has_no_findings():
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint is packaged for Linux on x86-64 only")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_and_what_the_sdist_needs_is_copied():
    assert packages() == {"schemas", "models", "components", "pipeline", "serving", "kubeflow"}
    needed = {"setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"} | packages()
    assert needed <= set(copied_from_the_tree())


def test_what_is_copied_is_there_and_let_through():
    let_through = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for source in copied_from_the_tree():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in let_through


def test_what_needs_a_compiler_is_built_where_there_is_one():
    stages = {}
    for name, words in instructions():
        if name == "FROM":
            stages[words[-1]] = stage = [words[0]]
        elif name == "RUN":
            stage.append(" ".join(words))
    base, *commands = stages["build"]
    assert "slim" not in base  # which has no compiler
    assert any(re.search(r"pip wheel .* --wheel-dir /wheels pyfarmhash$", run) for run in commands)
    assert "--find-links /wheels" in list(stages.values())[-1][1]


def test_it_does_not_run_as_root():
    (user,) = [words[0] for name, words in instructions() if name == "USER"]
    assert user.isdigit()
    assert int(user) > 0


def test_the_beam_of_the_workers_is_that_of_the_pins():
    (beam,) = re.findall(r"^ARG BEAM=(.+)$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    assert f"apache-beam=={beam}" in (ROOT / "requirements" / "current.txt").read_text("utf-8")


def test_cloud_build_makes_both_variants():
    build = yaml.safe_load((ROOT / "kubeflow" / "cloudbuild.yaml").read_text("utf-8"))
    assert [step["id"] for step in build["steps"]] == ["cpu", "gpu"]
    assert "--build-arg=VARIANT=gpu" in build["steps"][1]["args"]
    for step, image in zip(build["steps"], build["images"], strict=True):
        assert any(image in argument for argument in step["args"])
