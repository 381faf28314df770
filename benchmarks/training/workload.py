"""What both sides of the training benchmark train on, and how they talk to the process that asks.

Standard library only: the peer's interpreter has PyTorch, and none of this project's packages.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VOCABULARY_SIZE = 30_000
LEARNING_RATE = 1e-5
WEIGHT_DECAY = 0.01
CLIP_NORM = 1.0
PRODUCT_SIZE = 4096
"""Rows and columns of the matrices whose bf16 product says how fast the machine multiplies."""

_PRODUCT_SECONDS = 0.2
"""That products are computed for, at the least, to know their rate."""

SIZES: Mapping[str, Mapping[str, int]] = {
    "tiny": {"num_layers": 4, "num_heads": 4, "hidden_dim": 128, "intermediate_dim": 512},
    "base": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "intermediate_dim": 3072},
    "xxlarge": {"num_layers": 12, "num_heads": 64, "hidden_dim": 4096, "intermediate_dim": 16384},
}
"""Of the ALBERT paper, table 1; tiny is for trying the benchmark out."""


GPU_ROWS = (("xxlarge", 512, 16), ("base", 128, 128))
"""Size, length and rows a step of what is compared on a GPU."""


@dataclass(frozen=True)
class Workload:
    """What a worker trains.

    Attributes:
      size: A name of `SIZES`.
      batch_size: Rows a step.
      steps: Optimizer steps of one turn, over the same batches in each.
      checkpointing: Whether activations are computed again for the gradients.
      rows: Token ids, a list a row, and labels.
      limit_gib: Memory that our side may use; None for any.
    """

    size: str
    batch_size: int
    steps: int
    checkpointing: bool
    rows: Sequence[tuple[Sequence[int], int]]
    limit_gib: int | None = None

    @classmethod
    def read(cls, path: str) -> Workload:
        """Reads what `write` wrote."""
        return cls(**json.loads(Path(path).read_text("utf-8")))

    def write(self, path: Path) -> None:
        """Writes JSON, for a worker to read."""
        path.write_text(json.dumps(self.__dict__), "utf-8")


def random_rows(count: int, length: int) -> list[tuple[list[int], int]]:
    """Returns rows of one length, of random tokens."""
    draw = random.Random(0)
    return [
        (draw.choices(range(5, VOCABULARY_SIZE), k=length), draw.randrange(2)) for _ in range(count)
    ]


def spread(lengths: Sequence[int], count: int) -> list[int]:
    """Returns which batches of an epoch stand for all of it: evenly spaced from short to long.

    Both sides take these of their own batches. Chosen at random, a few batches of one side may be
    longer than those of the other, and longer ones have more tokens to each update of the weights.

    Args:
      lengths: The padded length of every batch.
      count: How many to choose; all of them if there are no more.
    """
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    if count >= len(order):
        return order
    return [order[(2 * turn + 1) * len(order) // (2 * count)] for turn in range(count)]


def flops_per_token(size: str, length: float) -> float:
    """Returns the operations of the matrix products of one training step, by token.

    The backward pass has two products for each one of the forward pass; what checkpointing
    computes again is not counted.

    Args:
      size: A name of `SIZES`.
      length: Mean number of tokens that a token attends to.
    """
    numbers = SIZES[size]
    hidden = numbers["hidden_dim"]
    layer = 2 * hidden * (4 * hidden + 2 * numbers["intermediate_dim"]) + 4 * hidden * length
    return 3.0 * (numbers["num_layers"] * layer + 2 * 128 * hidden)


def best_rate(multiply: Callable[[int], Any], *, repeats: int = 3) -> float:
    """Returns the operations a second of a product of matrices of `PRODUCT_SIZE`.

    Args:
      multiply: Computes that many products, and waits for the last: a GPU, to which each is sent
        without waiting, takes less time for one than the sending and the waiting.
      repeats: Of which the fastest counts.
    """

    def seconds(count: int) -> float:
        start = time.perf_counter()
        multiply(count)
        return time.perf_counter() - start

    count = 1
    seconds(count)  # not counted: kernels are chosen
    while (taken := seconds(count)) < _PRODUCT_SECONDS:
        count *= 2
    return 2.0 * PRODUCT_SIZE**3 * count / min(taken, *(seconds(count) for _ in range(repeats - 1)))
