"""The batching parameters, with the defaults and the rules of the real server."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import UserError
from serving.server.text_protos import read_batching_parameters


@dataclass(frozen=True)
class BatchOptions:
    """How requests are joined.

    Attributes:
      max_batch_size: Most rows of a batch; a request with more is refused.
      batch_timeout_micros: Longest time that a batch waits to be filled.
      max_enqueued_batches: Batches that may wait for a thread, of each signature.
      num_batch_threads: Batches that run at the same time, of all models together.
      thread_pool_name: Name in the metrics.
      allowed_batch_sizes: Sizes that batches are padded to; empty: none is.
      pad_variable_length_inputs: Pad requests of unequal shapes with zeros, and not refuse them.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    thread_pool_name: str = ""
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False

    def __post_init__(self) -> None:
        """Refuses what the real server refuses.

        Raises:
          UserError: Says each parameter, what it must be and what it was.
        """
        problems = [
            f"{name} must be at least {least}, received {value}"
            for name, value, least in (
                ("max_batch_size", self.max_batch_size, 1),
                ("batch_timeout_micros", self.batch_timeout_micros, 0),
                ("max_enqueued_batches", self.max_enqueued_batches, 1),
                ("num_batch_threads", self.num_batch_threads, 1),
            )
            if value < least
        ]
        sizes = self.allowed_batch_sizes
        if list(sizes) != sorted(set(sizes)) or any(size < 1 for size in sizes):
            problems.append(
                f"allowed_batch_sizes must be positive and increasing, received {list(sizes)}"
            )
        if sizes and sizes[-1] != self.max_batch_size:
            problems.append(
                "Last entry in allowed_batch_sizes must match max_batch_size; "
                f"last entry was {sizes[-1]}; expected {self.max_batch_size}"
            )
        if problems:
            raise UserError(f"--batching_parameters_file: {'; '.join(problems)}")

    def padded_size(self, size: int) -> int:
        """Returns the smallest allowed size of a batch of `size` rows.

        >>> BatchOptions(max_batch_size=8, allowed_batch_sizes=(2, 8)).padded_size(3)
        8
        """
        return next((allowed for allowed in self.allowed_batch_sizes if allowed >= size), size)


def read_batch_options(path: Path | None) -> BatchOptions:
    """Reads a BatchingParameters text proto; None: every default.

    Raises:
      UserError: If it cannot be read, or a value is out of range.
    """
    if path is None:
        return BatchOptions()
    parameters = read_batching_parameters(path)
    given: dict[str, Any] = {
        name: getattr(parameters, name).value
        for name in (
            "max_batch_size",
            "batch_timeout_micros",
            "max_enqueued_batches",
            "num_batch_threads",
            "thread_pool_name",
        )
        if parameters.HasField(name)
    }
    return BatchOptions(
        **given,
        allowed_batch_sizes=tuple(parameters.allowed_batch_sizes),
        pad_variable_length_inputs=parameters.pad_variable_length_inputs,
    )
