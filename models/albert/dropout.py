"""Dropout whose masks follow from a seed that is passed in, so that they can be made again."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_GOLDEN_RATIO = 0x9E3779B9 >> 1
"""An odd stride that keeps the seeds of neighbouring places far apart, and fits an int32."""


class _Drawn(keras.random.SeedGenerator):
    """A seed that was drawn already, for Keras' random functions, which take generators only."""

    def __init__(self, seed: Any) -> None:  # Not the base's, which would make a variable.
        self.seed = seed

    def next(self, ordered: bool = True) -> Any:
        return self.seed


def seed_at(seed: Any, place: int) -> Any:
    """Returns the seed of the `place`-th use of dropout in a step whose seed is `seed`.

    Args:
      seed: What a SeedGenerator drew, integers `(2,)`: its own seed, and the number of the draw.
      place: From 0 on.
    """
    stride = ops.cast(ops.convert_to_tensor([_GOLDEN_RATIO * (place + 1) % 2**31, 0]), seed.dtype)
    return seed + stride


def dropout(x: Any, rate: float, seed: Any) -> Any:
    """Zeroes elements of `x` with probability `rate` and scales the others.

    Args:
      x: Of any shape.
      rate: Nothing is done at 0.
      seed: Integers `(2,)`; the same seed gives the same mask. None outside training, and nothing
        is done.
    """
    if not rate or seed is None:
        return x
    return keras.random.dropout(x, rate, seed=_Drawn(seed))
