"""How long a loaded model takes, by rows at once and runs at the same time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.errors import UserError
from schemas.features import SERVING_DEFAULT
from serving.warmup import read_warmup

if TYPE_CHECKING:
    import numpy as np

    from serving.saved_model import LoadedModel
    from serving.server.runner import SessionRunner

BATCH_SIZES: Final = (1, 2, 4, 6, 8, 12, 16, 24, 32)
_MIN_RUNS: Final = 5

Value = bytes | Sequence[bytes]
"""A text, or a list of texts: of one length in all rows."""

Row = tuple[Value, ...]
"""One value of each input of the signature, in the order of the inputs' names."""


@dataclass(frozen=True)
class Latency:
    """What runs of one kind took.

    Attributes:
      batch_size: Rows of a run.
      num_threads: Runs at the same time.
      p50_ms: Median of a run, in milliseconds.
      p99_ms: 99th percentile of a run, in milliseconds.
      rows_per_second: Rows answered in a second by all threads together.
    """

    batch_size: int
    num_threads: int
    p50_ms: float
    p99_ms: float
    rows_per_second: float


def thread_counts() -> tuple[int, ...]:
    """Returns the numbers of runs at the same time that are measured: 1, 2, 4, up to the cores."""
    usable = getattr(os, "sched_getaffinity", None)
    num_cores = len(usable(0)) if usable else os.cpu_count() or 1
    return tuple(2**power for power in range(num_cores.bit_length()) if 2**power <= num_cores)


def known_rows(model_dir: Path) -> list[Row]:
    """Returns the rows of the warm-up requests of a SavedModel: rows of its data.

    Raises:
      UserError: If there are none.
    """
    requests = [each for each in read_warmup(model_dir) if each.signature == SERVING_DEFAULT]
    rows = [
        row
        for request in requests
        for row in zip(*(request.inputs[name] for name in sorted(request.inputs)), strict=True)
    ]
    if not rows:
        raise UserError(
            f"{model_dir} must hold warm-up requests of {SERVING_DEFAULT}, whose rows are sent; it "
            "holds none; publish it with publish.warmup_requests above 0"
        )
    return rows


def measure(
    model: LoadedModel,
    rows: Sequence[Row],
    *,
    seconds: float,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    threads: Sequence[int] | None = None,
) -> Iterator[Latency]:
    """Times a loaded model, each kind of run in turn.

    Args:
      model: The model; its `serving_default` is run, as a server runs it.
      rows: Rows of real data, sent again and again in an order that mixes them.
      seconds: Time for each batch size and number of threads; 5 runs a thread are made anyway.
      batch_sizes: Rows of a run.
      threads: Runs at the same time; unset: `thread_counts`.
    """
    from serving.server.runner import SessionRunner

    runs = _Runs(SessionRunner(model), model, rows)
    runs.one(max(batch_sizes), 0)  # the first run of a graph is slow
    for num_threads in thread_counts() if threads is None else threads:
        with ThreadPoolExecutor(num_threads) as pool:
            for size in batch_sizes:
                runs.one(size, 0)
                begun = time.perf_counter()
                timed = pool.map(partial(runs.many, size, seconds), range(num_threads))
                times = [each for one in timed for each in one]
                elapsed = time.perf_counter() - begun
                yield _latency(size, num_threads, times, elapsed)


class _Runs:
    """Runs of one signature on rows that follow one another."""

    def __init__(self, runner: SessionRunner, model: LoadedModel, rows: Sequence[Row]) -> None:
        signature = model.signature_defs[SERVING_DEFAULT]
        self._runner = runner
        self._inputs = [signature.inputs[name].name for name in sorted(signature.inputs)]
        self._fetches = [info.name for info in signature.outputs.values()]
        self._rows = rows

    def one(self, size: int, start: int) -> float:
        """Runs `size` rows from the row `start` on, and returns the seconds."""
        rows = [self._rows[(start + number) % len(self._rows)] for number in range(size)]
        columns = zip(*rows, strict=True)
        feeds = {name: _array(column) for name, column in zip(self._inputs, columns, strict=True)}
        begun = time.perf_counter()
        self._runner.run(feeds, self._fetches, None)
        return time.perf_counter() - begun

    def many(self, size: int, seconds: float, number: int) -> list[float]:
        """Runs for some seconds in the thread `number`, and returns the seconds of each run."""
        end = time.perf_counter() + seconds
        start, times = number * size, []
        while len(times) < _MIN_RUNS or time.perf_counter() < end:
            times.append(self.one(size, start))
            start += size + 1  # over the turns, other rows meet in a batch
        return times


def _array(values: Sequence[Value]) -> np.ndarray:
    """Returns texts as `(rows,)`, lists of them as `(rows, texts)`."""
    import numpy as np

    return np.asarray(values, dtype=object)


def _latency(size: int, num_threads: int, times: Sequence[float], elapsed: float) -> Latency:
    import numpy as np

    p50, p99 = (float(value) for value in np.percentile(times, (50, 99)) * 1e3)
    return Latency(size, num_threads, p50, p99, size * len(times) / elapsed)


def between(
    one_ms: float, many_ms: float, many: int, batch_sizes: Sequence[int] = BATCH_SIZES
) -> list[Latency]:
    """Returns what the latencies are on a straight line through two that are known.

    >>> [latency.p50_ms for latency in between(10.0, 72.0, 32)]
    [10.0, 12.0, 16.0, 20.0, 24.0, 32.0, 40.0, 56.0, 72.0]

    Args:
      one_ms: Milliseconds of a run of one row.
      many_ms: Milliseconds of a run of `many` rows.
      many: Their number.
      batch_sizes: Rows of the runs that are returned.
    """
    slope = (many_ms - one_ms) / (many - 1)
    times = {size: one_ms + slope * (size - 1) for size in batch_sizes}
    return [
        Latency(size, 1, time_ms, time_ms, 1000 * size / time_ms)
        for size, time_ms in times.items()
        if time_ms > 0
    ]
