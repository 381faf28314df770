"""The number format of training, chosen by what the hardware computes fast.

Keras' mixed policies keep variables, softmax, layer norm and loss in float32 and compute the rest
in 16 bits; the tasks' heads give float32 logits. Models are exported in float32 whatever they were
trained in: see `Candidate.in_float32` in models.candidate.
"""

import logging
from pathlib import Path

FLOAT32 = "float32"
BFLOAT16 = "mixed_bfloat16"
FLOAT16 = "mixed_float16"

MIN_HIDDEN_DIM_FOR_CPU_BFLOAT16 = 192
"""Narrower models hardly gain by bf16 on a CPU, and in float32 are trained as they are served.

CPU milliseconds of a training step (4 layers, 32 rows of 24 tokens, two cores with AVX512-BF16,
TensorFlow 2.16), float32 and bf16: 103 and 85 at a width of 128, 186 and 134 at 192, 312 and 205 at
256; 893 and 626 at 384 with 6 layers.
"""

_BFLOAT16_GPU = (8, 0)  # Ampere; Volta and Turing (7.x) have fp16 only
_FLOAT16_GPU = (7, 0)
_BFLOAT16_CPU_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})
_CPUINFO = Path("/proc/cpuinfo")

_log = logging.getLogger(__name__)


def resolve_precision(requested: str, *, hidden_dim: int | None) -> str:
    """Returns the Keras dtype policy to train in.

    Args:
      requested: A policy, taken as it is, or "auto".
      hidden_dim: Width of the backbone; None where it is not known, and then taken as wide.

    Returns:
      "float32", "mixed_bfloat16" or "mixed_float16".
    """
    if requested != "auto":
        _log.info("precision %s, as configured", requested)
        return requested
    capabilities = gpu_capabilities()
    policy, reason = (
        _choose_for_gpus(capabilities) if capabilities else _choose_for_cpu(cpu_flags(), hidden_dim)
    )
    _log.info("precision %s: %s", policy, reason)
    return policy


def gpu_capabilities() -> list[tuple[int, int]]:
    """Returns the compute capability of every GPU; (0, 0) where TensorFlow cannot tell it."""
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
        for gpu in tf.config.list_physical_devices("GPU")
    ]


def cpu_flags(cpuinfo: Path = _CPUINFO) -> frozenset[str]:
    """Returns the features of the first processor that Linux lists; none on other systems.

    Args:
      cpuinfo: Linux's `/proc/cpuinfo`.
    """
    if not cpuinfo.is_file():
        return frozenset()
    for line in cpuinfo.read_text("utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def _choose_for_gpus(capabilities: list[tuple[int, int]]) -> tuple[str, str]:
    """Returns the policy that every GPU can compute fast, and why."""
    oldest = min(capabilities)
    name = f"the oldest GPU has compute capability {oldest[0]}.{oldest[1]}"
    if oldest >= _BFLOAT16_GPU:
        return BFLOAT16, f"{name}, with bf16 tensor cores"
    if oldest >= _FLOAT16_GPU:
        return FLOAT16, f"{name}, with fp16 tensor cores; the loss is scaled"
    return FLOAT32, f"{name}, without 16-bit tensor cores"


def _choose_for_cpu(flags: frozenset[str], hidden_dim: int | None) -> tuple[str, str]:
    """Returns the policy that a CPU with `flags` computes fastest, and why."""
    found = sorted(flags & _BFLOAT16_CPU_FLAGS)
    if not found:
        return FLOAT32, "no GPU, and a CPU without AMX or AVX512-BF16"
    if hidden_dim is not None and hidden_dim < MIN_HIDDEN_DIM_FOR_CPU_BFLOAT16:
        return (
            FLOAT32,
            f"the CPU has {found[0]}, but a width of {hidden_dim} is too small to gain by it",
        )
    return BFLOAT16, f"the CPU has {found[0]}"
