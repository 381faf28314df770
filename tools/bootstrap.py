"""Sets up .venv: picks the dependency set that this host can run and a Python, installs with uv.

Called by `make setup` with whatever python3 there is, so it runs on Python 3.8 and needs the
standard library only. DEPENDENCIES=current or DEPENDENCIES=broad overrides the choice of the set.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pythons import Interpreter, find_interpreter, run_quietly

# Newest first: the first that is found is taken.
PYTHONS_OF_SET = {"current": ((3, 13), (3, 12), (3, 11)), "broad": ((3, 10),)}
# What the wheels of TFX's companions and of TensorFlow are tagged with, and so the oldest host.
GLIBC_OF_SET = {"current": (2, 39), "broad": (2, 28)}


class SetupError(Exception):
    """What is missing on this host and how to get it, in one sentence."""


class Host(NamedTuple):
    """What decides which wheels install: names as `platform` gives them, glibc None elsewhere."""

    system: str
    machine: str
    glibc: Optional[Tuple[int, int]]

    def __str__(self) -> str:
        glibc = " with glibc {}.{}".format(*self.glibc) if self.glibc else ""
        return f"{self.system} {self.machine}{glibc}"


def read_host() -> Host:
    """Describes the machine that this runs on."""
    name, version = platform.libc_ver()
    parts = version.split(".")
    glibc = (int(parts[0]), int(parts[1])) if name == "glibc" and len(parts) > 1 else None
    return Host(platform.system(), platform.machine(), glibc)


def sets_for(host: Host, requested: Optional[str] = None) -> List[str]:
    """Names the dependency sets to try on a host, best first.

    Args:
        host: The machine.
        requested: The user's own choice, which is taken as it is.

    Raises:
        SetupError: The choice is no set, or no set has wheels for this host.
    """
    if requested:
        if requested not in PYTHONS_OF_SET:
            raise SetupError(f"DEPENDENCIES must be current or broad, received {requested!r}.")
        return [requested]
    if (host.system, host.machine) == ("Darwin", "arm64"):
        return ["current"]
    if (host.system, host.machine) == ("Linux", "x86_64") and host.glibc:
        fitting = [name for name, oldest in GLIBC_OF_SET.items() if host.glibc >= oldest]
        if fitting:
            return fitting
    raise SetupError(
        "TFX has wheels for Linux x86_64 with glibc 2.28 or newer and for macOS arm64, and this "
        f"host is {host}; use such a host or a container of one."
    )


def choose(sets: List[str], uv: str) -> Tuple[str, Interpreter]:
    """Pairs the first set that has a Python here with it; downloads one only if none is installed.

    Raises:
        SetupError: There is no Python for any of the sets, and uv could not download one.
    """
    for download in (False, True):
        for name in sets:
            for version in PYTHONS_OF_SET[name]:
                found = find_interpreter(version, uv, download)
                if found:
                    return name, found
    versions = sorted({version for name in sets for version in PYTHONS_OF_SET[name]})
    wanted = " or ".join("{}.{}".format(*version) for version in versions)
    best = "{}.{}".format(*versions[-1])
    raise SetupError(
        f"No working Python {wanted} was found on PATH, in pyenv or in uv, and uv could not "
        f"download one; install one (apt install python{best} python{best}-dev, pyenv install "
        f"{best}, or brew install python@{best}) and run make again."
    )


def check_compiler(python: Interpreter) -> None:
    """Refuses to go on without what builds pyfarmhash, a part of TFX that has no wheels.

    Raises:
        SetupError: There is no C++ compiler, or the Python has no C headers.
    """
    compilers = (*os.environ.get("CXX", "").split()[:1], "c++", "g++", "clang++")
    if not any(shutil.which(name) for name in compilers):
        raise SetupError(
            "TFX needs a C++ compiler for its package pyfarmhash, and none is on PATH; install "
            "one (apt install g++, dnf install gcc-c++, or xcode-select --install) and run make "
            "again."
        )
    if not python.has_headers:
        raise SetupError(
            f"TFX needs the C headers of {python.path} for its package pyfarmhash, and Python.h "
            "is missing; install them (apt install python3-dev, dnf install python3-devel) and "
            "run make again."
        )


def ensure_uv(root: Path) -> str:
    """Returns a uv: the one on PATH, else the pinned one, which pip installs under .tools/.

    Raises:
        SetupError: The Python that runs this can make no environment, or pip could not install uv.
    """
    on_path = shutil.which("uv")
    if on_path and run_quietly([on_path, "--version"]).returncode == 0:
        return on_path
    pins = (root / "requirements" / "current.txt").read_text().splitlines()
    pin = next(line for line in pins if line.startswith("uv=="))  # the same in both sets
    folder = root / ".tools" / pin.replace("==", "-")
    uv = folder / "bin" / "uv"
    if not uv.exists():
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", pin]
        for command in (make, install):
            done = run_quietly(command)
            if done.returncode:
                lines = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
                raise SetupError(
                    f"uv could not be installed with {sys.executable} ({lines[-1].strip()}); "
                    "install uv, or python3-venv and access to a package index, and run make again."
                )
    return str(uv)


def fingerprint(root: Path, set_name: str) -> str:
    """Hashes what .venv is made from; a moved tree counts, as scripts hold absolute paths."""
    digest = hashlib.sha256(str(root).encode())
    for path in (root / "requirements" / f"{set_name}.txt", root / "setup.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_up_to_date(root: Path, requested: Optional[str]) -> bool:
    """Tells whether .venv was made from the present pins, runs, and is of the requested set."""
    venv = root / ".venv"
    try:
        made = json.loads((venv / "albert-tfx.json").read_text())
        if requested not in (None, made["set"]):
            return False
        if made["fingerprint"] != fingerprint(root, made["set"]):
            return False
        return run_quietly([str(venv / "bin" / "python"), "-c", ""]).returncode == 0
    except (OSError, ValueError, KeyError):
        return False


def install(root: Path, uv: str, set_name: str, python: Interpreter) -> None:
    """Makes .venv, installs the pins of a set and the project in editable form, and stamps it.

    Raises:
        SetupError: uv failed; its own message stands above.
    """
    venv = root / ".venv"
    pip = ["--quiet", "--python", str(venv / "bin" / "python")]
    pins = str(root / "requirements" / f"{set_name}.txt")
    # The pinned setuptools builds the editable install, so that nothing unpinned is downloaded.
    editable = ["--no-deps", "--no-build-isolation", "--editable", str(root)]
    shutil.rmtree(venv, ignore_errors=True)
    steps = (
        [uv, "venv", "--quiet", "--python", python.path, str(venv)],
        [uv, "pip", "sync", *pip, pins],
        [uv, "pip", "install", *pip, *editable],
    )
    for step in steps:
        if subprocess.run(step, check=False).returncode:
            raise SetupError("uv failed with the message above; mend that and run make again.")
    stamp = {"set": set_name, "python": python.path, "fingerprint": fingerprint(root, set_name)}
    (venv / "albert-tfx.json").write_text(json.dumps(stamp, indent=2) + "\n")


def main() -> int:
    """Sets up .venv unless it is up to date; returns the exit status."""
    root = Path(__file__).resolve().parent.parent
    requested = os.environ.get("DEPENDENCIES") or None
    if is_up_to_date(root, requested):
        return 0
    # With .venv activated, its own uv would stand on PATH, and is removed with it.
    folders = os.environ.get("PATH", "").split(os.pathsep)
    own = str(root / ".venv" / "bin")
    os.environ["PATH"] = os.pathsep.join(folder for folder in folders if folder != own)
    try:
        sets = sets_for(read_host(), requested)
        uv = ensure_uv(root)
        set_name, python = choose(sets, uv)
        check_compiler(python)
        print(f"Installing requirements/{set_name}.txt into .venv for {python.path} (3.3 GB)")
        install(root, uv, set_name, python)
    except SetupError as error:
        print(f"albert-tfx: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
