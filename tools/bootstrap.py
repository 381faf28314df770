"""Sets up .venv: picks the dependency set that this host can run, a Python for it, and installs the pins with uv.

Called by `make setup` with whatever python3 there is, so it runs on Python 3.8 and needs the standard library only.
DEPENDENCIES=current or DEPENDENCIES=broad overrides the choice of the set.
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

from pythons import Interpreter, find_interpreter  # noqa: E402  (works from any folder, by the line above)

# Newest first: the first that is found is taken.
PYTHONS_OF_SET = {"current": ((3, 13), (3, 12), (3, 11)), "broad": ((3, 10),)}
# The wheels of TFX's companions are tagged manylinux_2_39 (current) and manylinux2014 beside TensorFlow's (broad).
GLIBC_OF_SET = {"current": (2, 39), "broad": (2, 28)}


class SetupError(Exception):
    """What is missing on this host and how to get it, in one sentence."""


class Host(NamedTuple):
    """What decides which wheels install: `system` and `machine` as `platform` names them, glibc (None elsewhere)."""

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
        fitting = [name for name, needed in GLIBC_OF_SET.items() if host.glibc >= needed]
        if fitting:
            return fitting
    raise SetupError(
        f"TFX has wheels for Linux x86_64 with glibc 2.28 or newer and for macOS arm64, and this host is {host}; "
        "use such a host or a container of one."
    )


def choose(sets: List[str], uv: str) -> Tuple[str, Interpreter]:
    """Pairs the first set that has a Python here with that Python; downloads one only when none is installed.

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
    raise SetupError(
        f"No working Python {wanted} was found on PATH, in pyenv or in uv, and uv could not download one; "
        "install one (apt install python3.X python3.X-dev, brew install python@3.X, or pyenv install 3.X) and run make again."
    )


def check_compiler(python: Interpreter) -> None:
    """Refuses to go on without a C++ compiler and the Python headers: pyfarmhash, a part of TFX, has no wheels."""
    compilers = (os.environ.get("CXX", "").split(" ")[0], "c++", "g++", "clang++")
    if not any(name and shutil.which(name) for name in compilers):
        raise SetupError(
            "TFX needs a C++ compiler for its package pyfarmhash, and none is on PATH; "
            "install one (apt install g++, dnf install gcc-c++, or xcode-select --install) and run make again."
        )
    if not python.has_headers:
        raise SetupError(
            f"TFX needs the C headers of {python.path} for its package pyfarmhash, and Python.h is missing; "
            "install them (apt install python3-dev, dnf install python3-devel) and run make again."
        )


def pinned_uv(root: Path) -> str:
    """Returns the uv requirement of the pins, `uv==…`, which is the same in both sets."""
    pins = (root / "requirements" / "current.txt").read_text().splitlines()
    return next(line for line in pins if line.startswith("uv=="))


def ensure_uv(root: Path) -> str:
    """Returns a uv: the one on PATH, else the pinned one, which pip installs under .tools/.

    Raises:
        SetupError: The Python that runs this can make no environment, or pip could not install uv.
    """
    on_path = shutil.which("uv")
    if on_path and subprocess.run([on_path, "--version"], capture_output=True).returncode == 0:
        return on_path
    requirement = pinned_uv(root)
    folder = root / ".tools" / requirement.replace("==", "-")
    uv = folder / "bin" / "uv"
    if not uv.exists():
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement]
        for command in (make, install):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                reason = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
                raise SetupError(
                    f"uv could not be installed with {sys.executable} ({reason}); install uv, or python3-venv and "
                    "python3-pip with access to a package index, and run make again."
                )
    return str(uv)


def fingerprint(root: Path, set_name: str) -> str:
    """Hashes what the environment is made from; a moved tree counts, because scripts hold absolute paths."""
    digest = hashlib.sha256(str(root).encode())
    for path in (root / "requirements" / f"{set_name}.txt", root / "setup.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_up_to_date(root: Path, requested: Optional[str]) -> bool:
    """Tells whether .venv was made from the present pins, runs, and is of the requested set."""
    stamp = root / ".venv" / "albert-tfx.json"
    try:
        made = json.loads(stamp.read_text())
        if requested not in (None, made["set"]) or made["fingerprint"] != fingerprint(root, made["set"]):
            return False
        return subprocess.run([str(root / ".venv" / "bin" / "python"), "-c", ""]).returncode == 0
    except (OSError, ValueError, KeyError):
        return False


def install(root: Path, uv: str, set_name: str, python: Interpreter) -> None:
    """Makes .venv, installs the pins of a set and the project itself in editable form, and stamps it.

    Raises:
        SetupError: uv failed; its own message stands above.
    """
    venv = root / ".venv"
    shutil.rmtree(venv, ignore_errors=True)
    target = ["--python", str(venv / "bin" / "python")]
    # The editable install builds with the pinned setuptools, so that nothing unpinned is downloaded.
    commands = (
        [uv, "venv", "--quiet", "--python", python.path, str(venv)],
        [uv, "pip", "sync", "--quiet", *target, str(root / "requirements" / f"{set_name}.txt")],
        [uv, "pip", "install", "--quiet", *target, "--no-deps", "--no-build-isolation", "--editable", str(root)],
    )
    for command in commands:
        if subprocess.run(command).returncode:
            raise SetupError("Installing failed with the message above at: " + " ".join(command[:3]) + ".")
    stamp = {"set": set_name, "python": python.path, "fingerprint": fingerprint(root, set_name)}
    (venv / "albert-tfx.json").write_text(json.dumps(stamp, indent=2) + "\n")


def main() -> int:
    """Sets up .venv unless it is up to date; returns the exit status."""
    root = Path(__file__).resolve().parent.parent
    requested = os.environ.get("DEPENDENCIES") or None
    if is_up_to_date(root, requested):
        return 0
    try:
        sets = sets_for(read_host(), requested)
        uv = ensure_uv(root)
        set_name, python = choose(sets, uv)
        check_compiler(python)
        print(f"Installing requirements/{set_name}.txt into .venv with {python.path} (about 3 GB, minutes at first)")
        install(root, uv, set_name, python)
    except SetupError as error:
        print(f"albert-tfx: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
