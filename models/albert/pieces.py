"""The pieces that a transformer layer is made of, each in one way for a whole step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import ops

from models.albert.activations import Activation
from models.albert.weights import LayerWeights

EPSILON = 1e-12
"""Of every LayerNorm; source: modeling.py of google-research/albert."""


@dataclass(frozen=True)
class Pieces:
    """The pieces as plain ops, whose gradients are the back end's affair.

    TensorFlow fuses a matrix product with its bias in what is served; XLA, which JAX computes with,
    fuses the element-wise rest in training too.

    Attributes:
      activation: Of the feed-forward block.
    """

    activation: Activation

    def uses(self, weights: LayerWeights, times: int) -> list[LayerWeights]:
        """Returns the weights of a layer for each of its applications."""
        return [weights] * times

    def dense(self, x: Any, kernel: Any, bias: Any) -> Any:
        """Returns `x @ kernel + bias`, `(rows, outputs)`."""
        return ops.add(ops.matmul(x, kernel), bias)

    def activate(self, x: Any) -> Any:
        """Applies the activation to a tensor of any shape."""
        return self.activation.plain(x)

    def add_and_norm(self, x: Any, update: Any, gamma: Any, beta: Any) -> Any:
        """Returns LayerNorm(x + update).

        Args:
          x: `(rows, width)`.
          update: Of the shape and dtype of `x`.
          gamma: Scale, float32 `(width,)`.
          beta: Offset, float32 `(width,)`.

        Returns:
          The shape and dtype of `x`; sum, statistics and result are computed in float32.
        """
        return add_and_norm(x, update, gamma, beta)[0]


def normalize(x: Any, gamma: Any, beta: Any) -> Any:
    """Applies LayerNorm over the last axis of float32 `(..., width)`."""
    normed, _ = _standardize(x)
    return normed * gamma + beta


def add_and_norm(x: Any, update: Any, gamma: Any, beta: Any) -> tuple[Any, Any, Any]:
    """Returns LayerNorm(x + update), and what its gradient needs.

    Returns:
      The result in the dtype of `x`; float32 rows of mean 0 and variance 1, `(rows, width)`; what
      the rows were multiplied by to that end, `(rows, 1)`.
    """
    normed, scale = _standardize(ops.cast(x, "float32") + ops.cast(update, "float32"))
    return ops.cast(normed * gamma + beta, x.dtype), normed, scale


def _standardize(x: Any) -> tuple[Any, Any]:
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    scale = ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + EPSILON)
    return centred * scale, scale
