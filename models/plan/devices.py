"""Devices by name: memory, rates, and the share of the rates that training reaches.

Bandwidth and rates are those of NVIDIA's data sheets (H100 Tensor Core GPU, H200, A100, L4, T4 and
V100), without sparsity, of the SXM form where there is one; memory is what nvidia-smi shows of it.
TensorFlow computes float32 products in TF32 where a GPU has it. The reachable shares are
expectations for products of some thousand rows, lower where the board's power limits the clock
(L4, T4); `--device this` measures instead. Prices change by the week and the region: give yours
with `--price`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.precision import BFLOAT16, FLOAT16, FLOAT32
from schemas.errors import UserError

GIB = 1 << 30
_OP_SECONDS = 8e-6
"""Launching one kernel from TensorFlow, which small steps are bound by."""
_BANDWIDTH_SHARE = 0.8


@dataclass(frozen=True)
class Device:
    """Where training runs.

    Attributes:
      name: As given to `--device`.
      memory_bytes: All of it.
      matmul_rates: Floating-point operations a second that matrix products reach, by Keras policy.
      bandwidth: Bytes a second that element-wise work reaches.
      op_seconds: Time that each operation of the graph takes at least.
      is_gpu: Whether it is one; TensorFlow's own memory differs.
      precision: The policy that `train.precision: auto` comes to.
      nominal_rate: In 16 bits, by the data sheet; 0 of a machine that was measured.
    """

    name: str
    memory_bytes: int
    matmul_rates: Mapping[str, float] = field(repr=False)
    bandwidth: float
    op_seconds: float
    is_gpu: bool
    precision: str
    nominal_rate: float = 0.0

    def matmul_rate(self, policy: str) -> float:
        """Returns the rate in a Keras policy; one that the device lacks runs as float32."""
        return self.matmul_rates.get(policy, self.matmul_rates[FLOAT32])


def _gpu(
    name: str,
    *,
    memory: float,
    sixteen_bit: float,
    float32: float,
    bandwidth: float,
    share: float,
    bfloat16: bool = True,
) -> Device:
    """Makes a device of a data sheet: GiB, TFLOP/s, GB/s."""
    policies = (BFLOAT16, FLOAT16) if bfloat16 else (FLOAT16,)
    rates = dict.fromkeys(policies, sixteen_bit * 1e12 * share)
    return Device(
        name=name,
        memory_bytes=int(memory * GIB),
        matmul_rates={FLOAT32: float32 * 1e12 * share, **rates},
        bandwidth=bandwidth * 1e9 * _BANDWIDTH_SHARE,
        op_seconds=_OP_SECONDS,
        is_gpu=True,
        precision=policies[0],
        nominal_rate=sixteen_bit * 1e12,
    )


DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        _gpu("h200", memory=140.4, sixteen_bit=989, float32=494, bandwidth=4800, share=0.65),
        _gpu("h100", memory=79.6, sixteen_bit=989, float32=494, bandwidth=3350, share=0.65),
        _gpu("a100-80", memory=80, sixteen_bit=312, float32=156, bandwidth=2039, share=0.75),
        _gpu("a100-40", memory=40, sixteen_bit=312, float32=156, bandwidth=1555, share=0.75),
        _gpu("l4", memory=22.5, sixteen_bit=121, float32=60, bandwidth=300, share=0.5),
        _gpu(
            "v100",
            memory=15.8,
            sixteen_bit=125,
            float32=15.7,
            bandwidth=900,
            share=0.7,
            bfloat16=False,
        ),
        _gpu(
            "t4", memory=15.0, sixteen_bit=65, float32=8.1, bandwidth=300, share=0.4, bfloat16=False
        ),
    )
}

THIS = "this"
"""The machine that the command runs on, measured."""


def named_device(name: str) -> Device:
    """Returns a device of the table.

    Raises:
      UserError: If there is none of that name.
    """
    if name not in DEVICES:
        raise UserError(
            f"--device must be {THIS} or one of {', '.join(DEVICES)}; received {name!r}"
        )
    return DEVICES[name]


def device_of_driver(name: str) -> Device | None:
    """Returns the device of the table that a GPU is, by the name that its driver gives it.

    >>> device_of_driver("NVIDIA H200").name, device_of_driver("NVIDIA A100-SXM4-80GB").name
    ('h200', 'a100-80')
    >>> device_of_driver("NVIDIA GeForce RTX 4090") is None
    True
    """
    words = set(name.lower().replace("gb", "").replace("-", " ").split())
    return next((found for key, found in DEVICES.items() if set(key.split("-")) <= words), None)
