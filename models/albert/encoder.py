"""The transformer layer as matrix products on `[batch * length, hidden]`.

Statistics of softmax and LayerNorm are float32 in any precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

from models.albert.dropout import dropout, seed_at
from models.albert.weights import LayerWeights

EPSILON = 1e-12
"""Of every LayerNorm; source: modeling.py of google-research/albert."""

_PLACES = 3
"""Uses of dropout in one layer: attention probabilities, attention output, feed-forward output."""


@dataclass(frozen=True)
class LayerOptions:
    """What a layer computes apart from its weights.

    Attributes:
      num_heads: Heads of the attention.
      activation: Of the feed-forward block.
      dropout: Rate of the two outputs.
      attention_dropout: Rate of the attention probabilities.
    """

    num_heads: int
    activation: Callable[[Any], Any]
    dropout: float
    attention_dropout: float


def attention_bias(padding_mask: Any) -> Any:
    """Returns what is added to the attention scores, so that no token attends to padding.

    Args:
      padding_mask: `(batch, length)`, 0 for padding.

    Returns:
      float32 `(batch, 1, 1, length)`.
    """
    padding = 1.0 - ops.cast(ops.cast(padding_mask, "bool"), "float32")
    return ops.expand_dims(padding * -1e9, (1, 2))


def transformer_layer(
    x: Any, weights: LayerWeights, bias: Any, seed: Any, options: LayerOptions
) -> Any:
    """Applies one layer: self-attention and feed-forward block, each added to its input and normed.

    Args:
      x: `(batch, length, hidden)`, in the compute dtype.
      weights: Of this layer.
      bias: float32 `(batch, 1, 1, length)`, from `attention_bias`.
      seed: Integers `(2,)` that fix the dropout; None outside training.
      options: Of every layer.

    Returns:
      The shape and dtype of `x`.
    """
    shape = ops.shape(x)
    seeds = [None if seed is None else seed_at(seed, place) for place in range(_PLACES)]
    rows = ops.reshape(x, (-1, x.shape[-1]))
    context = _attend(rows, shape, weights, bias, seeds[0], options)
    attended = _dense(context, weights.attention_kernel, weights.attention_bias)
    attended = dropout(attended, options.dropout, seeds[1])
    rows = add_and_normalize(rows, attended, weights.attention_gamma, weights.attention_beta)
    inner = options.activation(_dense(rows, weights.intermediate_kernel, weights.intermediate_bias))
    output = _dense(inner, weights.output_kernel, weights.output_bias)
    output = dropout(output, options.dropout, seeds[2])
    rows = add_and_normalize(rows, output, weights.output_gamma, weights.output_beta)
    return ops.reshape(rows, shape)


def normalize(x: Any, gamma: Any, beta: Any, dtype: str) -> Any:
    """Applies LayerNorm over the last axis, in float32, and returns `dtype`."""
    x = ops.cast(x, "float32")
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return ops.cast(centred * ops.rsqrt(variance + EPSILON) * gamma + beta, dtype)


def add_and_normalize(x: Any, update: Any, gamma: Any, beta: Any) -> Any:
    """Returns LayerNorm(x + update) in the dtype of `x`; the sum is float32."""
    total = ops.cast(x, "float32") + ops.cast(update, "float32")
    return normalize(total, gamma, beta, x.dtype)


def _attend(
    rows: Any, shape: Any, weights: LayerWeights, bias: Any, seed: Any, options: LayerOptions
) -> Any:
    """Returns the values that each token attends to, `(batch * length, hidden)`."""
    batch, length, hidden_dim = shape
    heads = options.num_heads
    qkv = _dense(rows, weights.qkv_kernel, weights.qkv_bias)
    qkv = ops.reshape(qkv, (batch, length, 3, heads, hidden_dim // heads))
    query, key, value = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), 3)
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))
    probabilities = ops.softmax(ops.cast(scores, "float32") + bias, axis=-1)
    probabilities = dropout(ops.cast(probabilities, rows.dtype), options.attention_dropout, seed)
    context = ops.transpose(ops.matmul(probabilities, value), (0, 2, 1, 3))
    return ops.reshape(context, (-1, hidden_dim))


def _dense(x: Any, kernel: Any, bias: Any) -> Any:
    return ops.matmul(x, kernel) + bias
