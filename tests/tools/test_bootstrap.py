"""The set-up picks the set that the host can run, and says in one sentence what is missing."""

import json
import re
from pathlib import Path

import pytest

from tools import bootstrap
from tools.bootstrap import Host, SetupError, choose, fingerprint, is_up_to_date, sets_for
from tools.pythons import Interpreter

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Host("Linux", "x86_64", (2, 41)), ["current", "broad"]),
        (Host("Linux", "x86_64", (2, 39)), ["current", "broad"]),
        (Host("Linux", "x86_64", (2, 36)), ["broad"]),
        (Host("Linux", "x86_64", (2, 28)), ["broad"]),
        (Host("Darwin", "arm64", None), ["current"]),
    ],
)
def test_the_host_decides_which_sets_are_tried(host, expected):
    assert sets_for(host) == expected


@pytest.mark.parametrize(
    "host",
    [
        Host("Linux", "x86_64", (2, 17)),
        Host("Linux", "x86_64", None),
        Host("Linux", "aarch64", (2, 41)),
        Host("Darwin", "x86_64", None),
        Host("Windows", "AMD64", None),
    ],
)
def test_a_host_without_wheels_is_named(host):
    with pytest.raises(SetupError, match=f"this host is {re.escape(str(host))}"):
        sets_for(host)


@pytest.mark.parametrize("requested", ["current", "broad"])
def test_a_request_overrides_the_host(requested):
    assert sets_for(Host("Linux", "x86_64", (2, 36)), requested) == [requested]


def test_an_unknown_request_is_refused():
    with pytest.raises(SetupError, match="must be current or broad, received 'newest'"):
        sets_for(Host("Linux", "x86_64", (2, 36)), "newest")


def _pythons(monkeypatch, *, installed=(), downloadable=()):
    """Replaces the search: these versions are found, with or without a download."""

    def find(version, uv, download):
        there = downloadable if download else installed
        return Interpreter(f"/python{version[1]}", version, True) if version in there else None

    monkeypatch.setattr(bootstrap, "find_interpreter", find)


@pytest.mark.parametrize(
    ("sets", "installed", "downloadable", "expected"),
    [
        (["current", "broad"], [(3, 10), (3, 12), (3, 13)], [], ("current", (3, 13))),
        (["current", "broad"], [(3, 10), (3, 11)], [], ("current", (3, 11))),
        (["current", "broad"], [(3, 10)], [(3, 13)], ("broad", (3, 10))),
        (["current", "broad"], [], [(3, 13), (3, 10)], ("current", (3, 13))),
        (["broad"], [(3, 13)], [(3, 10)], ("broad", (3, 10))),
    ],
)
def test_an_installed_python_comes_before_a_download(
    monkeypatch, sets, installed, downloadable, expected
):
    _pythons(monkeypatch, installed=installed, downloadable=downloadable)
    name, python = choose(sets, "uv")
    assert (name, python.version) == expected


def test_no_python_at_all_is_said_in_one_sentence(monkeypatch):
    _pythons(monkeypatch)
    with pytest.raises(
        SetupError, match=r"No working Python 3\.10 was found .*pyenv install 3\.10"
    ):
        choose(["broad"], "uv")


def _script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_the_uv_on_path_is_used(tmp_path, monkeypatch):
    uv = _script(tmp_path / "bin" / "uv", "echo uv 1.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert bootstrap.ensure_uv(ROOT) == uv


@pytest.mark.parametrize("on_path", ["exit 127", None])
def test_without_a_working_uv_the_pinned_one_is_installed(tmp_path, monkeypatch, on_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "current.txt").write_text("typer==0.1.0\nuv==0.13.9\n")
    if on_path:
        _script(tmp_path / "bin" / "uv", on_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    # A Python whose `-m venv --clear FOLDER` makes a Python that only notes what it was asked.
    inner = 'echo "$@" > "$(dirname "$0")/asked"'
    script = f"mkdir -p $4/bin; cp {_script(tmp_path / 'inner', inner)} $4/bin/python"
    monkeypatch.setattr(bootstrap.sys, "executable", _script(tmp_path / "python3", script))
    uv = Path(bootstrap.ensure_uv(tmp_path))
    assert uv == tmp_path / ".tools" / "uv-0.13.9" / "bin" / "uv"
    assert (uv.parent / "asked").read_text() == "-m pip install --quiet uv==0.13.9\n"


def test_a_python_without_venv_is_named(tmp_path, monkeypatch):
    python = _script(tmp_path / "python3", "echo 'No module named venv' >&2; exit 1")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap.sys, "executable", python)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "current.txt").write_text("uv==0.13.9\n")
    with pytest.raises(SetupError, match=r"No module named venv.*install uv, or python3-venv"):
        bootstrap.ensure_uv(tmp_path)


def test_a_missing_compiler_is_named(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(SetupError, match=r"needs a C\+\+ compiler .*apt install g\+\+"):
        bootstrap.check_compiler(Interpreter("/python", (3, 13), True))


def test_missing_headers_are_named(monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SetupError, match=r"C headers of /python .*apt install python3-dev"):
        bootstrap.check_compiler(Interpreter("/python", (3, 13), False))


@pytest.fixture
def tree(tmp_path):
    """A tree whose .venv is stamped as made from its pins of the broad set."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "broad.txt").write_text("numpy==1.26.4\n")
    (tmp_path / "setup.py").write_text("# ranges\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    stamp = {"set": "broad", "fingerprint": fingerprint(tmp_path, "broad")}
    (tmp_path / ".venv" / "albert-tfx.json").write_text(json.dumps(stamp))
    return tmp_path


@pytest.mark.parametrize("requested", [None, "broad"])
def test_an_unchanged_tree_is_left_alone(tree, requested):
    assert is_up_to_date(tree, requested)


def _change_pins(tree):
    (tree / "requirements" / "broad.txt").write_text("numpy==1.26.3\n")


def _break_python(tree):
    (tree / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 127\n")


def _remove_python(tree):
    (tree / ".venv" / "bin" / "python").unlink()


def _interrupt(tree):
    (tree / ".venv" / "albert-tfx.json").unlink()


def _garble(tree):
    (tree / ".venv" / "albert-tfx.json").write_text('{"set"')


@pytest.mark.parametrize(
    "change", [_change_pins, _break_python, _remove_python, _interrupt, _garble]
)
def test_a_changed_tree_is_set_up_again(tree, change):
    change(tree)
    assert not is_up_to_date(tree, None)


def test_another_set_is_set_up_again(tree):
    assert not is_up_to_date(tree, "current")


def test_a_moved_tree_is_set_up_again(tree):
    assert not is_up_to_date(tree.rename(tree.parent / "moved"), None)


@pytest.mark.parametrize("name", ["broad", "current"])
def test_every_package_is_pinned_without_addresses(name):
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    unpinned = [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[^\s@:]+( ; .+)?", line)]
    assert len(lines) > 200
    assert unpinned == []


def test_both_sets_pin_the_same_uv():
    pins = [(ROOT / "requirements" / f"{name}.txt").read_text() for name in ("broad", "current")]
    assert len({re.search(r"^uv==\S+$", text, re.MULTILINE).group() for text in pins}) == 1
