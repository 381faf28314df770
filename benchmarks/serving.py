"""The server: its overhead, its throughput with and without batching, hot swaps and memory.

    python -m benchmarks.serving                                 # all, ten minutes
    python -m benchmarks.serving overhead
    python -m benchmarks.serving load --seconds 20 --sizes albert-small

Server and clients are processes of their own. The load is 16 gRPC clients that send one text each,
of 2 to 52 words, to a classifier of raw text with random weights.
Bars: 1.5 ms over in-process on gRPC, 2.5 ms on REST; batching doubles the requests a second, and no
request fails; 20 hot swaps under load fail none; memory after 50 swaps within 5 % of after 5.
"""

import argparse
import json
import multiprocessing
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.serving_models import save_albert, save_trivial

PARTS = ("overhead", "load", "swaps", "memory")
BATCHING = """
max_batch_size { value: 32 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 1 }
"""
_START_SECONDS = 120
_MIB = 1 << 20


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
      process: Its process.
      port: Its gRPC port.
      rest_port: Its REST port.
    """

    process: subprocess.Popen[bytes]
    port: int
    rest_port: int

    def version(self) -> int:
        """Returns the highest version that is available."""
        url = f"http://127.0.0.1:{self.rest_port}/v1/models/default"
        with urllib.request.urlopen(url, timeout=10) as response:
            statuses = json.load(response)["model_version_status"]
        return max(int(each["version"]) for each in statuses if each["state"] == "AVAILABLE")

    def memory_mib(self) -> float:
        """Returns the memory that the process holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096 / _MIB


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the parts that are asked for and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="All, if none is named.")
    parser.add_argument("--seconds", type=int, default=60, help="Duration of each load.")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument(
        "--sizes", nargs="+", default=["albert-tiny", "albert-base-v2"], help="Models of the load."
    )
    parser.add_argument("--swaps", type=int, default=20)
    parser.add_argument("--memory-swaps", type=int, default=50)
    options = parser.parse_args(arguments)
    table = Table("figure", "value", "bar")
    with tempfile.TemporaryDirectory() as name:
        for part in options.parts or PARTS:
            for row in MEASURES[part](Path(name) / part, options):
                table.add_row(*row)
    Console(width=110).print(table)


Rows = Iterator[tuple[str, str, str]]


def overhead(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields the time that a request spends outside the graph."""
    del options
    _make(save_trivial, folder / "1")
    with server(folder) as running:
        times = _client("overhead", running.port, running.rest_port, folder / "1")
    yield "in process, p50", f"{times['in_process']:.2f} ms", ""
    for name, bar in (("grpc", 1.5), ("rest", 2.5)):
        extra = times[name] - times["in_process"]
        yield f"{name} over in process, p50", f"{extra:.2f} ms", f"{bar} ms"


def load(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields requests a second with batching off and on."""
    for size in options.sizes:
        yield from _load(folder / size, size, options)


def _load(folder: Path, size: str, options: argparse.Namespace) -> Rows:
    _make(save_albert, folder / "1", size)
    rates = {}
    for name, flags in (("off", ()), ("on", _batching(folder))):
        with server(folder, "--grpc_max_threads=32", *flags) as running:
            _client("load", running.port, options.clients, 5, "text")
            found = _client("load", running.port, options.clients, options.seconds, "text")
        rates[name] = found["rate"]
        yield (
            f"{size}, {options.clients} clients, batching {name}",
            f"{found['rate']:.1f} requests/s, p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms",
            f"{found['failed']:.0f} failed",
        )
    yield f"{size}, batching on / off", f"{rates['on'] / rates['off']:.2f}", "2"


def swaps(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields how many requests fail while versions are swapped under load."""
    _make(save_albert, folder / "1", "albert-tiny")
    with server(folder, *_batching(folder)) as running:
        seconds = 4 * options.swaps
        clients = _start_client("load", running.port, options.clients, seconds, "text")
        time.sleep(3)  # the clients are still starting
        for version in range(2, options.swaps + 2):
            _swap(running, folder, version)
            if clients.poll() is not None:
                raise RuntimeError("the load ended before the last swap; swap less often")
        found = _finish(clients)
    yield (
        f"{options.swaps} hot swaps under load",
        f"{found['failed']:.0f} failed of {found['rate'] * seconds:.0f}",
        "0 failed",
    )


def memory(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields the memory of the server after few and after many swaps."""
    _make(save_albert, folder / "1", "albert-small")
    after = {}
    with server(folder) as running:
        for version in range(2, options.memory_swaps + 2):
            _swap(running, folder, version)
            _client_once(running)
            if version - 1 in (5, options.memory_swaps):
                time.sleep(2)  # the old version is unloaded after the new one is there
                after[version - 1] = running.memory_mib()
    for count, mib in after.items():
        growth = f"{100 * (mib / after[5] - 1):+.1f} %, bar 5 %" if count != 5 else ""
        yield f"memory after {count} swaps", f"{mib:.0f} MiB", growth


MEASURES = {"overhead": overhead, "load": load, "swaps": swaps, "memory": memory}


@contextmanager
def server(folder: Path, *flags: str) -> Iterator[Running]:
    """Yields a server of the model base `folder`."""
    port, rest_port = _free_port(), _free_port()
    command = [sys.executable, "-W", "ignore", "-m", "serving.server", f"--port={port}"]
    command += [f"--rest_api_port={rest_port}", f"--model_base_path={folder}", *flags]
    log = folder.parent / f"{folder.name}.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stderr=stream, stdout=stream)
    running = Running(process, port, rest_port)
    try:
        _wait_for_version(running, 1)
        yield running
    finally:
        process.terminate()
        process.wait()


def _batching(folder: Path) -> tuple[str, ...]:
    file = folder.parent / "batching"
    file.write_text(BATCHING)
    return "--enable_batching", f"--batching_parameters_file={file}"


def _swap(running: Running, folder: Path, version: int) -> None:
    """Publishes a copy of the last version, waits for it, and removes the one before."""
    staged = folder.parent / "staged"
    shutil.copytree(folder / str(version - 1), staged)
    staged.rename(folder / str(version))
    _wait_for_version(running, version)
    shutil.rmtree(folder / str(version - 1))


def _wait_for_version(running: Running, version: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise RuntimeError("the server ended")
        try:
            if running.version() >= version:
                return
        except (urllib.error.URLError, ValueError):
            pass  # not listening yet
        time.sleep(0.1)
    raise TimeoutError(f"version {version} did not become available")


def _client_once(running: Running) -> None:
    body = b'{"instances": ["a fine film"]}'
    url = f"http://127.0.0.1:{running.rest_port}/v1/models/default:predict"
    urllib.request.urlopen(urllib.request.Request(url, body), timeout=60).read()


def _client(*arguments: object) -> dict[str, float]:
    return _finish(_start_client(*arguments))


def _start_client(*arguments: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.serving_client"]
    return subprocess.Popen(
        [*command, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _finish(client: "subprocess.Popen[bytes]") -> dict[str, float]:
    output, _ = client.communicate()
    if client.returncode:
        raise RuntimeError(f"the clients ended with {client.returncode}")
    return json.loads(output)


def _make(save: object, *arguments: object) -> None:
    """Calls a function in a process of its own, so that this one stays without TensorFlow."""
    process = multiprocessing.get_context("spawn").Process(target=save, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"a model could not be made; the process ended with {process.exitcode}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
