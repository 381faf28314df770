"""What is built holds the listed packages and their data, and installs where the tree is not."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"schemas", "models", "components", "pipeline", "serving", "kubeflow"}

pytestmark = pytest.mark.slow


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The sdist of a copy of the tree, built as Beam builds it for `--setup_file`."""
    tree = tmp_path_factory.mktemp("tree") / "albert-tfx"
    tree.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tree)
    (tree / "tests").mkdir()
    (tree / "tests" / "__init__.py").write_text("")  # must stay out of what is built
    out = tmp_path_factory.mktemp("sdist")
    _run(sys.executable, "setup.py", "--quiet", "sdist", "--dist-dir", out, cwd=tree)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel built from the sdist, with nothing downloaded."""
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    _run(*pip, "--wheel-dir", out, sdist, cwd=out)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A clean environment with the wheel, which sees the dependencies but not the tree."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps")
    _run(*pip, "--no-index", wheel, cwd=folder)
    site = _run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).strip()
    # A plain folder, so that the .pth files inside it, one of which leads to the tree, stay unread.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def _data_files() -> set[str]:
    patterns = ("schemas/*.pbtxt", "pipeline/templates/*")
    found = (path for pattern in patterns for path in ROOT.glob(pattern))
    return {path.relative_to(ROOT).as_posix() for path in found if path.is_file()}


def _modules() -> set[str]:
    found = (path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_top_levels_are_exactly_the_listed_packages(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == PACKAGES


def test_every_module_and_data_file_is_in_the_wheel(wheel):
    assert _modules() | _data_files() <= set(zipfile.ZipFile(wheel).namelist())


def test_the_sdist_brings_its_licence(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "setup.py", "pyproject.toml"} <= names


def test_the_package_cannot_be_uploaded(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    assert "Classifier: Private :: Do Not Upload" in archive.read(metadata).decode().splitlines()


def test_the_command_runs_from_the_installed_copy(installed):
    script = "import pipeline.cli; print(pipeline.cli.__file__)"
    where = _run(installed / "bin" / "python", "-c", script, cwd=installed).strip()
    assert Path(where).is_relative_to(installed)
    assert "predict" in _run(installed / "bin" / "albert-tfx", "--help", cwd=installed)
