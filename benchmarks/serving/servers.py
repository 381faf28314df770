"""Servers in processes of their own, and the swaps of what they serve."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 120
_MIB = 1 << 20


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
      process: Its process.
      model_base: Folder of the versions that it serves.
      port: Its gRPC port.
      rest_port: Its REST port.
    """

    process: subprocess.Popen[bytes]
    model_base: Path
    port: int
    rest_port: int

    def version(self) -> int:
        """Returns the highest version that is available."""
        with urllib.request.urlopen(self._url(), timeout=10) as response:
            statuses = json.load(response)["model_version_status"]
        return max(int(each["version"]) for each in statuses if each["state"] == "AVAILABLE")

    def ask_once(self) -> None:
        """Sends one text and waits for its answer."""
        body = b'{"instances": ["a fine film"]}'
        request = urllib.request.Request(f"{self._url()}:predict", body)
        urllib.request.urlopen(request, timeout=60).read()

    def swap(self, version: int) -> None:
        """Publishes a copy of the last version, waits for it, and removes the one before."""
        before = self.model_base / str(version - 1)
        staged = self.model_base.parent / "staged"
        shutil.copytree(before, staged)
        staged.rename(self.model_base / str(version))
        self.wait_for(version)
        shutil.rmtree(before)

    def wait_for(self, version: int) -> None:
        """Waits until a version is available."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended")
            try:
                if self.version() >= version:
                    return
            except (urllib.error.URLError, ValueError):
                pass  # not listening yet
            time.sleep(0.1)
        raise TimeoutError(f"version {version} did not become available")

    def memory_mib(self) -> float:
        """Returns the memory that the process holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096 / _MIB

    def _url(self) -> str:
        return f"http://127.0.0.1:{self.rest_port}/v1/models/default"


@contextmanager
def server(model_base: Path, *flags: str) -> Iterator[Running]:
    """Yields a server of the versions in `model_base`; its log is beside that folder."""
    port, rest_port = _free_port(), _free_port()
    command = [sys.executable, "-W", "ignore", "-m", "serving.server", f"--port={port}"]
    command += [f"--rest_api_port={rest_port}", f"--model_base_path={model_base}", *flags]
    log = model_base.parent / f"{model_base.name}.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stderr=stream, stdout=stream)
    running = Running(process, model_base, port, rest_port)
    try:
        running.wait_for(1)
        yield running
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
