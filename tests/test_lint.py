"""The linter looks at the code of the project, all of it, and at nothing else in the checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _linted(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {Path(line).relative_to(folder).as_posix() for line in done.stdout.splitlines()}


def test_files_of_a_users_own_are_left_alone(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ours = {"setup.py", "models/tasks/mine.py", "tests/test_mine.py", "data/demo/make_data.py"}
    own = {"my_script.py", "runs/demo/look.py", "notes.ipynb", "data/reviews/clean.py"}
    for name in ours | own:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("import os\n")
    assert _linted(tmp_path) == ours | {"pyproject.toml"}


@pytest.mark.skipif(shutil.which("git") is None, reason="git knows which files are ours")
def test_every_file_of_the_project_is_linted():
    command = ["git", "ls-files", "*.py", "*.pyi"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this tree is no checkout of git's")
    assert set(done.stdout.split()) <= _linted(ROOT)
