"""Finds the device that `--device` names."""

from __future__ import annotations

from collections.abc import Callable

from models.plan.devices import THIS, Device, named_device
from models.plan.shape import ModelShape
from models.plan.this_machine import measure_this_machine
from pipeline.config import RunConfig
from serving.quiet import silence_libraries


def device_finder(name: str, config: RunConfig) -> Callable[[ModelShape, int], Device]:
    """Returns how to find a device once the model's shape and the tokens of a step are known.

    Raises:
      UserError: If there is no device of that name.
    """
    if name != THIS:
        device = named_device(name)
        return lambda shape, tokens: device

    def measured(shape: ModelShape, tokens: int) -> Device:
        silence_libraries()
        return measure_this_machine(shape, requested=config.train.precision, tokens=tokens)

    return measured
