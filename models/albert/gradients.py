"""The pieces of a layer with their gradients written out, for training in TensorFlow's graphs.

TensorFlow makes an op, and a pass over memory, of every step of a formula and of its gradient. Here
the forward pass keeps what the backward pass multiplies by: the derivative of the activation, the
normed rows of LayerNorm. In 16 bits, where the matrix products are fast enough for the rest to
count, the element-wise formulas are compiled by XLA, each on its own, and so is the sum of what the
applications of a shared layer find for its weights.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras import ops

from models.albert.pieces import Pieces, add_and_norm
from models.albert.weights import LayerWeights


@dataclass(frozen=True)
class TrainingPieces(Pieces):
    """The same functions as those of `Pieces`.

    Attributes:
      compiled: Whether XLA compiles the element-wise formulas, anew for every shape.
    """

    compiled: bool

    def uses(self, weights: LayerWeights, times: int) -> list[LayerWeights]:
        if not self.compiled:
            return super().uses(weights, times)

        @ops.custom_gradient
        def share(*weights: Any) -> tuple[Any, Callable[..., Any]]:
            def gradient(*upstream: Any) -> Any:
                parts = [upstream[place :: len(weights)] for place in range(len(weights))]
                return self._fused(_sums)(parts)

            return weights * times, gradient

        copies = share(*weights)
        starts = range(0, len(copies), len(weights))
        return [LayerWeights(*copies[start : start + len(weights)]) for start in starts]

    def dense(self, x: Any, kernel: Any, bias: Any) -> Any:
        return _dense(x, kernel, bias)

    def activate(self, x: Any) -> Any:
        if self.activation.with_derivative is None:
            return self.activation.plain(x)
        formula = self._fused(self.activation.with_derivative)

        @ops.custom_gradient
        def activate(x: Any) -> tuple[Any, Callable[..., Any]]:
            value, derivative = formula(x)

            def gradient(*args: Any, upstream: Any = None) -> Any:
                return self._fused(_product)(_given(args, upstream), derivative)

            return value, gradient

        return activate(x)

    def add_and_norm(self, x: Any, update: Any, gamma: Any, beta: Any) -> Any:
        @ops.custom_gradient
        def add_norm(x: Any, update: Any, gamma: Any, beta: Any) -> tuple[Any, Callable[..., Any]]:
            value, normed, scale = self._fused(add_and_norm)(x, update, gamma, beta)

            def gradient(*args: Any, upstream: Any = None) -> tuple[Any, Any, Any, Any]:
                upstream = _given(args, upstream)
                formula = self._fused(_norm_gradients)
                to_sum, to_gamma = formula(normed, scale, gamma, upstream)
                to_beta = ops.cast(_column_sums(upstream), "float32")
                return to_sum, to_sum, _column_sums(to_gamma), to_beta

            return value, gradient

        return add_norm(x, update, gamma, beta)

    def _fused(self, formula: Callable[..., Any]) -> Callable[..., Any]:
        return _compiled(formula) if self.compiled else formula


@functools.cache
def _compiled(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `formula` as one kernel."""
    import tensorflow as tf

    return tf.function(formula, jit_compile=True, autograph=False)


@ops.custom_gradient
def _dense(x: Any, kernel: Any, bias: Any) -> tuple[Any, Callable[..., Any]]:
    def gradient(*args: Any, upstream: Any = None) -> tuple[Any, Any, Any]:
        upstream = _given(args, upstream)
        return (
            ops.matmul(upstream, ops.transpose(kernel)),
            ops.matmul(ops.transpose(x), upstream),
            _column_sums(upstream),
        )

    return ops.add(ops.matmul(x, kernel), bias), gradient


def _column_sums(x: Any) -> Any:
    """Returns the sums over the rows, `(width,)`.

    By a matrix product, which is several times as fast as TensorFlow's reductions in 16 bits.
    """
    return ops.reshape(ops.matmul(ops.ones((1, ops.shape(x)[0]), x.dtype), x), (-1,))


def _sums(parts: Sequence[Sequence[Any]]) -> list[Any]:
    """Returns the sum of each group of tensors, added up in float32."""
    return [ops.cast(sum(ops.cast(x, "float32") for x in xs), xs[0].dtype) for xs in parts]


def _product(x: Any, y: Any) -> Any:
    return x * y


def _norm_gradients(normed: Any, scale: Any, gamma: Any, upstream: Any) -> tuple[Any, Any]:
    """Returns the gradient of what was normed, and the rows whose sum is that of `gamma`."""
    dtype = upstream.dtype
    upstream = ops.cast(upstream, "float32")
    inner = upstream * gamma
    mean = ops.mean(inner, axis=-1, keepdims=True)
    slope = ops.mean(inner * normed, axis=-1, keepdims=True)
    return ops.cast(scale * (inner - mean - normed * slope), dtype), upstream * normed


def _given(args: tuple[Any, ...], upstream: Any) -> Any:
    """Returns the upstream gradient, which back ends pass by position or by name."""
    return args[0] if upstream is None else upstream
