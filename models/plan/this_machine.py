"""The machine that the plan is made on: its memory, read; its rates, measured with TensorFlow."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.plan.devices import THIS, Device
from models.plan.shape import ModelShape
from models.precision import BFLOAT16, FLOAT16, FLOAT32, resolve_precision

_MIB = 1 << 20
_MEASURED_SECONDS = 0.8
_BANDWIDTH_VALUES = 1 << 25
_CPU_OP_SECONDS = 25e-6
"""Estimated from albert-tiny, 8 rows of 32 tokens, float32: of 26 ms a step on two cores, products
and moved bytes leave 10 to 13 for 540 operations."""
_GPU_OP_SECONDS = 8e-6
_DTYPES = {FLOAT32: "float32", BFLOAT16: "bfloat16", FLOAT16: "float16"}
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Of cgroup 2 and 1: what a container may use."""


def measure_this_machine(shape: ModelShape, *, requested: str, tokens: int) -> Device:
    """Measures for some two seconds.

    Args:
      shape: The model, whose feed-forward products are timed.
      requested: `train.precision`.
      tokens: Rows of those products: the tokens of a step.
    """
    import tensorflow as tf

    policy = resolve_precision(requested, hidden_dim=shape.hidden_dim)
    gpu_memory = gpu_memory_bytes() if tf.config.list_physical_devices("GPU") else None
    return Device(
        name=THIS,
        memory_bytes=gpu_memory or machine_memory_bytes(),
        matmul_rates=dict.fromkeys((policy, FLOAT32), _matmul_rate(shape, policy, tokens)),
        bandwidth=_bandwidth(),
        op_seconds=_CPU_OP_SECONDS if gpu_memory is None else _GPU_OP_SECONDS,
        is_gpu=gpu_memory is not None,
        precision=policy,
    )


def machine_memory_bytes(
    limits: tuple[Path, ...] = _CGROUP_LIMITS,
) -> int:
    """Returns the memory of the machine, or of the container where that may use less.

    Args:
      limits: Files with the container's limit.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in limits:
        text = path.read_text("utf-8").strip() if path.is_file() else ""
        if text.isdigit():
            total = min(total, int(text))
    return total


def gpu_memory_bytes() -> int | None:
    """Returns the memory of the smallest NVIDIA GPU, or None where the driver shows none."""
    if shutil.which("nvidia-smi") is None:
        return None
    asked = subprocess.run(
        ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        check=False,
    )
    sizes = [int(line) for line in asked.stdout.split() if line.isdigit()]
    return min(sizes) * _MIB if asked.returncode == 0 and sizes else None


def _matmul_rate(shape: ModelShape, policy: str, tokens: int) -> float:
    """Returns the operations a second of the feed-forward product of a step.

    The time of a call that computes nothing is taken off, which counts beside the product of a
    tiny model.
    """
    import tensorflow as tf

    rows, hidden, intermediate = tokens, shape.hidden_dim, shape.intermediate_dim
    dtype = _DTYPES[policy]
    left = tf.cast(tf.random.normal((rows, hidden)), dtype)
    right = tf.cast(tf.random.normal((hidden, intermediate)), dtype)
    product = tf.function(lambda: tf.linalg.matmul(left, right)[:1, :1], autograph=False)
    nothing = tf.function(lambda: left[:1, :1], autograph=False)
    called = _seconds(product)
    computed = max(called - _seconds(nothing), called / 10)
    return 2.0 * rows * hidden * intermediate / computed


def _bandwidth() -> float:
    """Returns the bytes a second that an addition of two large tensors moves."""
    import tensorflow as tf

    values = tf.ones(_BANDWIDTH_VALUES)
    add = tf.function(lambda: (values + values)[:1], autograph=False)
    return 2 * 4 * _BANDWIDTH_VALUES / _seconds(add)


def _seconds(compute: Callable[[], Any]) -> float:
    """Returns the lower quartile of the times of a call, which fetches its result to be done.

    Not the median: other work on the machine makes calls slower and never faster.
    """
    compute().numpy()
    taken: list[float] = []
    end = time.monotonic() + _MEASURED_SECONDS
    while time.monotonic() < end or len(taken) < 3:
        start = time.perf_counter()
        compute().numpy()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[len(taken) // 4]
