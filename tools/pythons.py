"""Finds a working Python of a given version: on PATH, in pyenv's folders, and through uv.

Every candidate is run before it is believed: pyenv's shims stand on PATH for versions that they
then refuse to start. Runs on Python 3.8 and needs the standard library only.
"""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Optional, Tuple

Version = Tuple[int, int]

# Run by the candidate. It looks through a virtual environment to the Python that this was made
# from, because environments come and go.
_PROBE = """
import json, os, sys, sysconfig
base = sys.executable
if sys.prefix != sys.base_prefix:
    base = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
header = os.path.join(sysconfig.get_path("include"), "Python.h")
cpython = sys.implementation.name == "cpython"
print(json.dumps([base, list(sys.version_info[:2]), os.path.exists(header), cpython]))
"""


class Interpreter(NamedTuple):
    """A CPython that was seen to run."""

    path: str
    version: Version
    has_headers: bool


def run_quietly(
    command: List[str], environment: Optional[Mapping[str, str]] = None, timeout: float = 600.0
) -> "subprocess.CompletedProcess[str]":
    """Runs a command and keeps what it prints; a timeout (in seconds) raises as subprocess does."""
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, timeout=timeout
    )


@functools.lru_cache(maxsize=None)
def probe(executable: str) -> Optional[Interpreter]:
    """Runs an executable and returns what it is; None if it does not run or is no CPython."""
    try:
        done = run_quietly([executable, "-c", _PROBE], timeout=30.0)
        path, version, has_headers, is_cpython = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Interpreter(path, (version[0], version[1]), has_headers) if is_cpython else None


def candidates(version: Version, environment: Mapping[str, str]) -> Iterator[str]:
    """Yields the files that may be a Python of this version.

    Args:
        version: Major and minor number.
        environment: Its PATH, HOME and PYENV_ROOT are read.
    """
    name = "{}.{}".format(*version)
    # Each folder, not just the first hit: a shim that does not run may hide a Python that does.
    for folder in filter(None, environment.get("PATH", "").split(os.pathsep)):
        for command in (f"python{name}", "python3", "python"):
            path = os.path.join(folder, command)
            if os.access(path, os.X_OK):
                yield path
    pyenv = environment.get("PYENV_ROOT") or os.path.join(environment.get("HOME", ""), ".pyenv")
    found = Path(pyenv, "versions").glob(f"{name}.*/bin/python")
    yield from sorted(map(str, found), reverse=True)


def from_uv(version: Version, uv: str, download: bool) -> Iterator[str]:
    """Yields the Python of this version that uv manages, after downloading it if asked to."""
    name = "{}.{}".format(*version)
    if download:
        # One try: without a network this fails at once instead of after a minute of retries.
        run_quietly([uv, "python", "install", name], {**os.environ, "UV_HTTP_RETRIES": "0"})
    found = run_quietly([uv, "python", "find", "--python-preference", "only-managed", name])
    if found.returncode == 0:
        yield found.stdout.strip()


def _on_this_host(version: Version, uv: str) -> Iterator[str]:
    yield from candidates(version, os.environ)
    yield from from_uv(version, uv, download=False)


def find_interpreter(version: Version, uv: str, download: bool = False) -> Optional[Interpreter]:
    """Returns a Python of this version, one with C headers if there is one, or None.

    Args:
        version: Major and minor number.
        uv: The uv executable.
        download: Let uv download one instead of looking on this host.
    """
    without_headers = None
    for path in from_uv(version, uv, download) if download else _on_this_host(version, uv):
        found = probe(path)
        if found and found.version == version:
            if found.has_headers:
                return found
            without_headers = without_headers or found
    return without_headers
