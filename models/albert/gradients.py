"""The element-wise pieces with gradients written out, for training in a graph without XLA.

TensorFlow makes an op, and a pass over memory, of every step of a formula and of its gradient. Here
the forward pass keeps what the backward pass multiplies by: the derivative of the activation, the
normed rows of LayerNorm. Other back ends fuse what they differentiate, and need none of this.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import ops

EPSILON = 1e-12
"""Of every LayerNorm; source: modeling.py of google-research/albert."""

_CUBIC = 0.044715  # of the tanh form: https://arxiv.org/abs/1606.08415
_SLOPE = math.sqrt(8.0 / math.pi)  # of its logistic function: (1 + tanh(a)) / 2 = sigmoid(2 * a)
_DENSITY_AT_0 = 1.0 / math.sqrt(2.0 * math.pi)


def normalize(x: Any, gamma: Any, beta: Any) -> Any:
    """Applies LayerNorm over the last axis.

    Args:
      x: float32 `(rows, width)`.
      gamma: float32 `(width,)`.
      beta: float32 `(width,)`.
    """
    normed, _ = _standardize(x)
    return normed * gamma + beta


@ops.custom_gradient
def normalize_in_training(x: Any, gamma: Any, beta: Any) -> tuple[Any, Callable[..., Any]]:
    """Does as `normalize`."""
    normed, scale = _standardize(x)

    def gradient(*args: Any, upstream: Any = None) -> tuple[Any, Any, Any]:
        upstream = args[0] if upstream is None else upstream
        inner = upstream * gamma
        mean = ops.mean(inner, axis=-1, keepdims=True)
        slope = ops.mean(inner * normed, axis=-1, keepdims=True)
        return (
            scale * (inner - mean - normed * slope),
            ops.sum(upstream * normed, axis=0),
            ops.sum(upstream, axis=0),
        )

    return normed * gamma + beta, gradient


@ops.custom_gradient
def gelu_tanh_in_training(x: Any) -> tuple[Any, Callable[..., Any]]:
    """Returns the GELU in its tanh form, of any shape, computed in float32, in the dtype of x."""
    wide = ops.cast(x, "float32")
    square = wide * wide
    gate = ops.sigmoid(wide * (square * (_SLOPE * _CUBIC) + _SLOPE))
    value = wide * gate
    slope = square * (3.0 * _SLOPE * _CUBIC) + _SLOPE
    derivative = gate + value * (1.0 - gate) * slope
    return _with_derivative(value, derivative, x.dtype)


@ops.custom_gradient
def gelu_erf_in_training(x: Any) -> tuple[Any, Callable[..., Any]]:
    """Returns the exact GELU, of any shape, computed in float32, in the dtype of x."""
    wide = ops.cast(x, "float32")
    gate = ops.erf(wide * math.sqrt(0.5)) * 0.5 + 0.5
    derivative = gate + wide * ops.exp(wide * wide * -0.5) * _DENSITY_AT_0
    return _with_derivative(wide * gate, derivative, x.dtype)


def _with_derivative(value: Any, derivative: Any, dtype: Any) -> tuple[Any, Callable[..., Any]]:
    derivative = ops.cast(derivative, dtype)

    def gradient(*args: Any, upstream: Any = None) -> Any:
        return (args[0] if upstream is None else upstream) * derivative

    return ops.cast(value, dtype), gradient


def _standardize(x: Any) -> tuple[Any, Any]:
    """Returns rows of mean 0 and variance 1, and what they were multiplied by, `(rows, 1)`."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    scale = ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + EPSILON)
    return centred * scale, scale
