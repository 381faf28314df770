"""Work that is done in processes of its own, so that this one stays without TensorFlow."""

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from typing import Any


def start_clients(*arguments: object) -> "subprocess.Popen[bytes]":
    """Starts a part of benchmarks.serving.clients."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.serving.clients"]
    return subprocess.Popen([*command, *map(str, arguments)], stdout=subprocess.PIPE)


def finish(clients: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Returns what the clients measured."""
    output, _ = clients.communicate()
    if clients.returncode:
        raise RuntimeError(f"the clients ended with {clients.returncode}")
    return json.loads(output)


def run_clients(*arguments: object) -> dict[str, Any]:
    """Runs a part of benchmarks.serving.clients, and returns what it measured."""
    return finish(start_clients(*arguments))


def make(save: Callable[..., None], *arguments: object) -> None:
    """Calls what writes a model."""
    process = multiprocessing.get_context("spawn").Process(target=save, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"a model could not be made; the process ended with {process.exitcode}")
