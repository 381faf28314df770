"""Finds a working Python interpreter of a given version: on PATH, in pyenv's folders, and through uv.

Every candidate is run before it is believed: pyenv's shims stand on PATH for versions that they then refuse to start.
Runs on Python 3.8 and needs the standard library only.
"""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Iterator, Mapping, NamedTuple, Optional, Tuple

Version = Tuple[int, int]

# Run by the candidate. `_base_executable` looks through a virtual environment to the Python that it was made from,
# so that .venv is never rebuilt from itself.
_PROBE = """
import json, os, sys, sysconfig
base = getattr(sys, "_base_executable", None) or sys.executable
header = os.path.join(sysconfig.get_path("include"), "Python.h")
cpython = sys.implementation.name == "cpython"
print(json.dumps([base, list(sys.version_info[:2]), os.path.exists(header), cpython]))
"""


class Interpreter(NamedTuple):
    """A CPython that was seen to run."""

    path: str
    version: Version
    has_headers: bool


@functools.lru_cache(maxsize=None)
def probe(executable: str) -> Optional[Interpreter]:
    """Runs an executable and returns what it is; None if it does not run or is no CPython."""
    try:
        done = subprocess.run([executable, "-c", _PROBE], capture_output=True, text=True, timeout=30)
        path, version, has_headers, is_cpython = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Interpreter(path, (version[0], version[1]), has_headers) if is_cpython else None


def candidates(version: Version, environment: Mapping[str, str]) -> Iterator[str]:
    """Yields the places where a Python of this version may stand, installed ones only.

    Args:
        version: Major and minor number.
        environment: Its PATH, HOME and PYENV_ROOT are read.
    """
    major, minor = version
    # Each folder, not just the first hit: a shim that does not run may hide a Python that does.
    for folder in environment.get("PATH", "").split(os.pathsep):
        for name in (f"python{major}.{minor}", "python3", "python"):
            path = Path(folder) / name
            if folder and os.access(path, os.X_OK):
                yield str(path)
    pyenv = environment.get("PYENV_ROOT") or os.path.join(environment.get("HOME", ""), ".pyenv")
    yield from sorted(map(str, Path(pyenv, "versions").glob(f"{major}.{minor}.*/bin/python")), reverse=True)


def from_uv(version: Version, uv: str, download: bool) -> Iterator[str]:
    """Yields the Python of this version that uv manages, after downloading it if asked to."""
    name = "{}.{}".format(*version)
    if download:
        # One try: without a network this fails at once instead of after a minute of retries.
        environment = {**os.environ, "UV_HTTP_RETRIES": "0"}
        subprocess.run([uv, "python", "install", "--quiet", name], capture_output=True, env=environment)
    found = subprocess.run([uv, "python", "find", "--python-preference", "only-managed", name], capture_output=True, text=True)
    if found.returncode == 0:
        yield found.stdout.strip()


def find_interpreter(version: Version, uv: str, download: bool = False) -> Optional[Interpreter]:
    """Returns a Python of this version, one with C headers if there is one, or None.

    Args:
        version: Major and minor number.
        uv: The uv executable.
        download: Let uv download one instead of looking on this host.
    """
    paths = from_uv(version, uv, download) if download else _all_installed(version, uv)
    without_headers = None
    for path in paths:
        found = probe(path)
        if found and found.version == version:
            if found.has_headers:
                return found
            without_headers = without_headers or found
    return without_headers


def _all_installed(version: Version, uv: str) -> Iterator[str]:
    yield from candidates(version, os.environ)
    yield from from_uv(version, uv, download=False)
