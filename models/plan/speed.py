"""Seconds of a training step: products by their rate, the rest by memory bandwidth and count.

Of the steps of `benchmarks/plan.py` on a CPU, products take nine tenths; albert-tiny's tell of the
rest. On GPUs the constants are expectations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.plan.devices import Device
from models.plan.flops import row_flops, step_flops
from models.plan.lengths import Lengths
from models.plan.memory import KEPT
from models.plan.parameters import count_parameters
from models.plan.shape import ModelShape
from models.precision import FLOAT32

OPS_PER_LAYER = 45
"""Kernels that the forward pass of one layer launches; the backward pass launches twice as many."""

TOUCHES = 2.0
"""Times that each kept tensor is moved to or from memory in a pass: written, then read."""

UPDATE_TOUCHES = 15
"""Float32 values moved for each parameter: norm and clipping 3, decay 5, moments and weight 7."""


@dataclass(frozen=True)
class StepTime:
    """Seconds of a step, part by part.

    Attributes:
      products: Matrix products at the device's rate.
      elementwise: What is bound by memory.
      overhead: Launching operations.
    """

    products: float
    elementwise: float
    overhead: float

    @property
    def total(self) -> float:
        """The whole step."""
        return self.products + self.elementwise + self.overhead


def step_time(
    shape: ModelShape,
    lengths: Lengths,
    rows: int,
    device: Device,
    *,
    precision: str,
    checkpointing: bool,
    accumulation: int = 1,
) -> StepTime:
    """Returns the time of a step of `rows` rows in all, computed in `accumulation` batches."""
    passes = 4 if checkpointing else 3
    flops = step_flops(shape, lengths, rows, checkpointing=checkpointing)
    update = UPDATE_TOUCHES * 4 * count_parameters(shape).total
    moved = passes * rows * _row_bytes(shape, lengths, precision)
    operations = passes * accumulation * shape.applications * OPS_PER_LAYER
    return StepTime(
        products=flops.total / device.matmul_rate(precision),
        elementwise=(moved + update) / device.bandwidth,
        overhead=operations * device.op_seconds,
    )


def evaluation_seconds(
    shape: ModelShape,
    lengths: Lengths,
    rows: int,
    device: Device,
    *,
    precision: str,
    batch_size: int,
) -> float:
    """Returns the time of a forward pass over `rows` rows in batches."""
    products = rows * row_flops(shape, lengths) / device.matmul_rate(precision)
    moved = rows * _row_bytes(shape, lengths, precision)
    operations = math.ceil(rows / batch_size) * shape.applications * OPS_PER_LAYER
    return products + moved / device.bandwidth + operations * device.op_seconds


def _row_bytes(shape: ModelShape, lengths: Lengths, precision: str) -> float:
    """Returns the bytes that element-wise work moves in one pass over a mean row."""
    kept = KEPT[precision != FLOAT32]
    wide = kept.hidden * shape.hidden_dim + kept.intermediate * shape.intermediate_dim
    scores = kept.scores * shape.num_heads
    moved = shape.whole_applications * (lengths.mean * wide + lengths.mean_square * scores)
    if shape.first_token_only:
        attended = kept.attended * shape.hidden_dim
        moved += lengths.mean * (attended + scores) + wide - attended
    return TOUCHES * moved
