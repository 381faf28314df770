"""The code version follows the sources that a step can reach, and nothing else."""

import importlib
import sys
from pathlib import Path

import pytest

from pipeline import code_version as module
from pipeline.code_version import code_version


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose module `step` imports `helper`, beside an unrelated module."""
    package = tmp_path / "sources_probe"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "step.py").write_text(
        "def run():\n    from sources_probe.helper import help_out\n    help_out()\n"
    )
    (package / "helper.py").write_text("def help_out(): pass\n")
    (package / "unrelated.py").write_text("X = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "PACKAGES", ("sources_probe",))
    importlib.invalidate_caches()
    _forget()
    yield package
    sys.modules.pop("sources_probe", None)
    _forget()


def _forget() -> None:
    module._source.cache_clear()
    module._imports.cache_clear()


def test_is_the_same_for_the_same_sources(project: Path) -> None:
    assert code_version("sources_probe.step") == code_version("sources_probe.step")


def test_changes_with_a_module_imported_inside_a_function(project: Path) -> None:
    before = code_version("sources_probe.step")
    (project / "helper.py").write_text("def help_out(): return 1\n")
    _forget()
    assert code_version("sources_probe.step") != before


def test_does_not_change_with_a_module_out_of_reach(project: Path) -> None:
    before = code_version("sources_probe.step")
    (project / "unrelated.py").write_text("X = 2\n")
    _forget()
    assert code_version("sources_probe.step") == before


def test_a_package_stands_for_every_module_in_it(project: Path) -> None:
    before = code_version("sources_probe")
    (project / "unrelated.py").write_text("X = 3\n")
    _forget()
    assert code_version("sources_probe") != before


def test_changes_with_the_version_of_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_version("models.tasks")
    monkeypatch.setattr(module, "_library_version", lambda library: "0.0")
    assert code_version("models.tasks") != before
