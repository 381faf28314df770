"""An interpreter counts only after it has run."""

import sys
from pathlib import Path

import pytest

from tools.pythons import Interpreter, candidates, find_interpreter, probe


def _script(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def _python(path: Path, version: tuple[int, int], *, headers: bool = True) -> str:
    """An executable that answers the probe as a CPython of this version would."""
    answer = f'["{path}", [{version[0]}, {version[1]}], {str(headers).lower()}, true]'
    return _script(path, f"echo '{answer}'")


def test_the_running_python_is_recognised():
    found = probe(sys.executable)
    assert found.version == sys.version_info[:2]
    assert probe(found.path).version == found.version


def test_a_virtual_environment_is_looked_through():
    assert not Path(probe(sys.executable).path).is_relative_to(sys.prefix)


@pytest.mark.parametrize(
    "text",
    ["echo 'pyenv: python3.10: command not found' >&2; exit 127", "echo hello", "exit 0"],
)
def test_what_does_not_answer_is_no_python(tmp_path, text):
    assert probe(_script(tmp_path / "python3.10", text)) is None


def test_a_missing_file_is_no_python(tmp_path):
    assert probe(str(tmp_path / "python3.10")) is None


def test_another_implementation_is_not_taken(tmp_path):
    assert probe(_script(tmp_path / "pypy", """echo '["/pypy", [3, 10], true, false]'""")) is None


def test_candidates_are_the_folders_of_path_then_pyenv(tmp_path):
    shim = _script(tmp_path / "shims" / "python3.10", "exit 127")
    plain = _python(tmp_path / "bin" / "python3", (3, 11))
    old, new = (
        _python(tmp_path / "pyenv" / "versions" / version / "bin" / "python", (3, 10))
        for version in ("3.10.1", "3.10.13")
    )
    environment = {"PATH": f"{tmp_path}/shims::{tmp_path}/bin", "PYENV_ROOT": f"{tmp_path}/pyenv"}
    found = list(candidates((3, 10), environment))
    assert found[:2] == [shim, plain]
    assert sorted(found[2:]) == [old, new]


@pytest.fixture
def empty_host(tmp_path, monkeypatch):
    """A host with nothing on PATH, no pyenv, and a uv that finds nothing."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return _script(tmp_path / "uv", "exit 2")


def test_a_broken_shim_does_not_hide_the_python_behind_it(tmp_path, empty_host):
    _script(tmp_path / "bin" / "python3.10", "exit 127")
    real = _python(tmp_path / "pyenv" / "versions" / "3.10.13" / "bin" / "python", (3, 10))
    assert find_interpreter((3, 10), empty_host) == Interpreter(real, (3, 10), True)


def test_a_python_of_another_version_is_passed_over(tmp_path, empty_host):
    _python(tmp_path / "bin" / "python3", (3, 11))
    assert find_interpreter((3, 10), empty_host) is None


def test_one_with_headers_is_preferred(tmp_path, empty_host):
    _python(tmp_path / "bin" / "python3.10", (3, 10), headers=False)
    better = _python(tmp_path / "pyenv" / "versions" / "3.10.13" / "bin" / "python", (3, 10))
    assert find_interpreter((3, 10), empty_host).path == better


def test_one_without_headers_is_better_than_none(tmp_path, empty_host):
    _python(tmp_path / "bin" / "python3.10", (3, 10), headers=False)
    assert find_interpreter((3, 10), empty_host).has_headers is False


def test_a_download_is_asked_of_uv(tmp_path, empty_host):
    managed = _python(tmp_path / "managed" / "python", (3, 10))
    log = tmp_path / "log"
    uv = _script(tmp_path / "uv2", f'echo "$2" >> {log}; [ "$2" = find ] && echo {managed}; exit 0')
    assert find_interpreter((3, 10), uv, download=True).path == managed
    assert log.read_text().split() == ["install", "find"]
