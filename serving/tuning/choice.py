"""Chooses how a server joins requests from what runs of the model take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.errors import UserError
from serving.server.batch_options import BatchOptions
from serving.tuning.latency import Latency

_GOOD_ENOUGH: Final = 0.95
"""Share of the best throughput for which the smaller batch, with its lower latency, is taken."""

_WAIT_SHARE: Final = 0.1
"""Share of one row's time that a lone request may wait for others.

With no wait at all, clients that ask again as soon as they have their answer fall into two groups:
the first to return runs alone, and all others wait for it.
"""

_QUEUE_SECONDS: Final = 10.0
"""What waits longer is of no use: the deadline of serving.client, unless it is told another."""


@dataclass(frozen=True)
class Choice:
    """Batching parameters, and the runs that they are chosen for.

    Attributes:
      latency: What a full batch takes.
      options: The parameters.
      worst_ms: What a request takes that has just missed a batch, while all are full: the end of
        that batch, the wait for others, and its own batch.
    """

    latency: Latency
    options: BatchOptions
    worst_ms: float


def choose(latencies: Sequence[Latency], *, max_latency_ms: float | None = None) -> Choice:
    """Returns the parameters with the most rows a second; of nearly equal ones the smaller batch.

    Args:
      latencies: What runs take; batches of one row among them.
      max_latency_ms: What `Choice.worst_ms` may be at most; None: anything.

    Raises:
      UserError: If not even one row at a time is answered in that time.
    """
    choices = [_choice(latency, latencies) for latency in latencies]
    allowed = [
        choice for choice in choices if max_latency_ms is None or choice.worst_ms <= max_latency_ms
    ]
    if not allowed:
        least = min(choice.worst_ms for choice in choices)
        raise UserError(
            f"--max-latency-ms must be at least {math.ceil(least)} for this model on this machine, "
            f"received {max_latency_ms:g}; raise it, or serve a smaller model"
        )
    enough = _GOOD_ENOUGH * max(choice.latency.rows_per_second for choice in allowed)
    good = [choice for choice in allowed if choice.latency.rows_per_second >= enough]
    return min(good, key=lambda choice: (choice.worst_ms, choice.latency.num_threads))


def _choice(latency: Latency, latencies: Sequence[Latency]) -> Choice:
    timeout_micros = _timeout_micros(latency, latencies)
    batches_per_second = latency.rows_per_second / latency.batch_size
    options = BatchOptions(
        max_batch_size=latency.batch_size,
        batch_timeout_micros=timeout_micros,
        max_enqueued_batches=max(1, int(_QUEUE_SECONDS * batches_per_second)),
        num_batch_threads=latency.num_threads,
    )
    return Choice(latency, options, 2 * latency.p99_ms + timeout_micros / 1000)


def _timeout_micros(latency: Latency, latencies: Sequence[Latency]) -> int:
    if latency.batch_size == 1:
        return 0  # a batch of one row is full when it begins
    alone = min(each.p50_ms for each in latencies if each.batch_size == 1)
    return round(1000 * _WAIT_SHARE * alone)
