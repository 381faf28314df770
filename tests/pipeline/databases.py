"""A database server of its own for a test, where the packages of one are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

USER, PASSWORD, DATABASE = "albert", "s3cret-of-the-test", "mlmd"

_FOLDERS = ("/usr/sbin", "/usr/local/sbin")


@dataclass(frozen=True)
class Server:
    """A running server, as the section `metadata` of a config names it."""

    port: int

    @property
    def section(self) -> dict[str, Any]:
        place = {"host": "127.0.0.1", "port": self.port}
        return {"backend": "mysql", **place, "database": DATABASE, "user": USER}


@contextmanager
def running() -> Iterator[Server]:
    """Starts a server, or skips the test where there is none to start."""
    with tempfile.TemporaryDirectory(prefix="db-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if _is_root():
            shutil.chown(folder, "nobody")
        port = _free_port()
        command = _mariadb(folder, port)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, **_as_nobody())
            try:
                _wait_for(port, server, folder / "log")
                yield Server(port)
            finally:
                server.kill()
                server.wait()


def _mariadb(folder: Path, port: int) -> Sequence[str]:
    """Makes a data folder with a user who needs a password; returns what starts the server."""
    install, server = _program("mariadb-install-db"), _program("mariadbd")
    _program("my_print_defaults")  # which the first one calls
    data = f"--datadir={folder / 'data'}"
    _call([install, "--no-defaults", data, "--auth-root-authentication-method=normal"])
    start = folder / "start.sql"
    start.write_text(
        f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'%';\n"
    )
    files = [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
    network = [f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    return [server, "--no-defaults", data, f"--init-file={start}", *files, *network]


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_FOLDERS))
    if found is None:
        pytest.skip(f"{name}, no package of Python's, is not installed: see .ci/packages")
    return found


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_as_nobody())
    assert done.returncode == 0, done.stdout + done.stderr


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_nobody() -> dict[str, Any]:
    """Returns how a process is started, which no database likes to be by root."""
    return {"user": "nobody", "cwd": "/"} if _is_root() else {"cwd": "/"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, server: subprocess.Popen, log: Path, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not _answers(port):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def _answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
