"""Requests a second with batching off and on, both servers asked in turns."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.processes import run_clients
from benchmarks.serving.servers import Running, server

BATCHING = """
max_batch_size { value: 8 }
batch_timeout_micros { value: 10000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
"""
"""For two cores and 16 clients: each core has a batch of its own."""


@dataclass
class Measured:
    """What the clients of one server saw.

    Attributes:
      rates: Requests a second, of each turn.
      times: Milliseconds of each request.
      errors: Requests that failed, in words.
    """

    rates: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """Returns the figures in a line."""
        p50, p99 = (statistics.quantiles(self.times, n=100)[rank - 1] for rank in (50, 99))
        rate = statistics.mean(self.rates)
        return f"{rate:.1f} requests/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms"


def compare(
    model_base: Path, texts: Path, flags: Sequence[Sequence[str]], num_clients: int, turns: int,
    turn_seconds: float,
) -> list[Measured]:  # fmt: skip
    """Measures servers of the same model, each with its own flags.

    Args:
      model_base: Folder of the versions.
      texts: A text a line.
      flags: The flags of each server.
      num_clients: Clients that ask at the same time.
      turns: How often each server is asked.
      turn_seconds: Duration of a turn.

    Returns:
      What each server's clients saw.
    """
    measured = [Measured() for _ in flags]
    with ExitStack() as stack:
        running = [stack.enter_context(server(model_base, *each)) for each in flags]
        for each in running:
            _ask(each, texts, num_clients, 3, Measured())  # the first runs are slow
        for turn in range(turns):
            pairs = list(zip(running, measured, strict=True))
            for each, seen in pairs if turn % 2 == 0 else reversed(pairs):
                _ask(each, texts, num_clients, turn_seconds, seen)
    return measured


def _ask(running: Running, texts: Path, num_clients: int, seconds: float, seen: Measured) -> None:
    found = run_clients("load", running.port, num_clients, seconds, texts)
    seen.rates.append(len(found["times"]) / found["seconds"])
    seen.times += found["times"]
    seen.errors += found["errors"]


def describe(name: str, off: Measured, on: Measured) -> Iterator[tuple[str, str, str]]:
    """Yields the rows of the table."""
    for state, seen in (("off", off), ("on", on)):
        yield f"{name}, batching {state}", seen.describe(), f"{len(seen.errors)} failed, bar 0"
    gains = [b / a for a, b in zip(off.rates, on.rates, strict=True)]
    gain = statistics.mean(on.rates) / statistics.mean(off.rates)
    turns = f"{gain:.2f} ({len(gains)} turns: {min(gains):.2f} to {max(gains):.2f})"
    yield f"{name}, batching on / off", turns, "bar 2"
