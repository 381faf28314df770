"""The transformer layer as matrix products on `[batch * length, hidden]`.

Softmax and LayerNorm are computed in float32 in any precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from models.albert.dropout import dropout, seed_at
from models.albert.pieces import Pieces
from models.albert.weights import LayerWeights

_PLACES = 3
"""Uses of dropout in one layer: attention probabilities, attention output, feed-forward output."""


@dataclass(frozen=True)
class LayerOptions:
    """What a layer computes apart from its weights.

    Attributes:
      num_heads: Heads of the attention.
      dropout: Rate of the two outputs.
      attention_dropout: Rate of the attention probabilities.
      pieces: How the products, activations and norms are computed.
      fused_attention: Whether the back end computes the attention as one op, which keeps no scores
        where it has a kernel for that; such an op drops nothing.
    """

    num_heads: int
    dropout: float
    attention_dropout: float
    pieces: Pieces
    fused_attention: bool = False


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
    x: Any,
    weights: LayerWeights,
    bias: Any,
    seed: Any,
    options: LayerOptions,
    *,
    first_only: bool = False,
) -> Any:
    """Applies one layer: self-attention and feed-forward block, each added to its input and normed.

    Args:
      x: `(batch, length, hidden)`, in the compute dtype.
      weights: Of this layer.
      bias: float32 `(batch, 1, 1, length)`, from `attention_bias`.
      seed: Integers `(2,)` that fix the dropout; None outside training.
      options: Of every layer.
      first_only: Compute the first token alone, which attends to all: a sixth of the work.

    Returns:
      The shape and dtype of `x`; of length 1 where `first_only`.
    """
    pieces = options.pieces
    seeds = [None if seed is None else seed_at(seed, place) for place in range(_PLACES)]
    computed = x[:, :1, :] if first_only else x
    shape = ops.shape(computed)
    rows = ops.reshape(computed, (-1, x.shape[-1]))
    project = _project_first if first_only else _project
    # One query a row is too few for a fused op.
    attend = _attend_fused if options.fused_attention and not first_only else _attend
    context = attend(*project(x, weights, options), bias, seeds[0], options)
    attended = pieces.dense(context, weights.attention_kernel, weights.attention_bias)
    attended = dropout(attended, options.dropout, seeds[1])
    rows = pieces.add_and_norm(rows, attended, weights.attention_gamma, weights.attention_beta)
    inner = pieces.dense(rows, weights.intermediate_kernel, weights.intermediate_bias)
    output = pieces.dense(pieces.activate(inner), weights.output_kernel, weights.output_bias)
    output = dropout(output, options.dropout, seeds[2])
    rows = pieces.add_and_norm(rows, output, weights.output_gamma, weights.output_beta)
    return ops.reshape(rows, shape)


def checkpointed_layer(
    x: Any,
    weights: LayerWeights,
    bias: Any,
    seed: Any,
    options: LayerOptions,
    *,
    first_only: bool = False,
) -> Any:
    """Does as `transformer_layer`, and keeps nothing but its inputs for the gradients.

    Everything else is computed again for them, the dropout from the same seed. (A layer that draws
    its own seed would draw another one then, and its gradients would be of another function.)
    """

    def layer(x: Any, *weights: Any) -> Any:
        return transformer_layer(
            x, LayerWeights(*weights), bias, seed, options, first_only=first_only
        )

    return keras.remat(layer)(x, *weights)


def _project(x: Any, weights: LayerWeights, options: LayerOptions) -> tuple[Any, Any, Any]:
    """Returns query, key and value of every token, each `(batch, heads, length, head width)`."""
    batch, length, hidden_dim = ops.shape(x)
    rows = ops.reshape(x, (-1, hidden_dim))
    qkv = options.pieces.dense(rows, weights.qkv_kernel, weights.qkv_bias)
    return tuple(_split_heads(qkv, (batch, length), 3, options.num_heads))


def _project_first(x: Any, weights: LayerWeights, options: LayerOptions) -> tuple[Any, Any, Any]:
    """Returns the query of the first token, and key and value of every one."""
    batch, length, hidden_dim = ops.shape(x)
    heads, dense = options.num_heads, options.pieces.dense
    kernels = ops.split(weights.qkv_kernel, [hidden_dim], axis=1)
    biases = ops.split(weights.qkv_bias, [hidden_dim], axis=0)
    query = dense(x[:, 0, :], kernels[0], biases[0])
    key_value = dense(ops.reshape(x, (-1, hidden_dim)), kernels[1], biases[1])
    return (
        *_split_heads(query, (batch, 1), 1, heads),
        *_split_heads(key_value, (batch, length), 2, heads),
    )


def _split_heads(rows: Any, shape: tuple[Any, Any], number: int, heads: int) -> list[Any]:
    """Splits `(batch * length, number * hidden)` into `(batch, heads, length, head width)` each."""
    head_dim = rows.shape[-1] // (number * heads)
    split = ops.reshape(rows, (*shape, number, heads, head_dim))
    return ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), number)


def _attend(query: Any, key: Any, value: Any, bias: Any, seed: Any, options: LayerOptions) -> Any:
    """Returns the values that each queried token attends to, `(batch * queries, hidden)`."""
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))
    probabilities = ops.softmax(ops.cast(scores, "float32") + bias, axis=-1)
    probabilities = dropout(ops.cast(probabilities, value.dtype), options.attention_dropout, seed)
    context = ops.transpose(ops.matmul(probabilities, value), (0, 2, 1, 3))
    return ops.reshape(context, (-1, options.num_heads * value.shape[-1]))


def _attend_fused(
    query: Any, key: Any, value: Any, bias: Any, seed: Any, options: LayerOptions
) -> Any:
    """Does as `_attend` without dropout: on JAX by cuDNN's flash attention where the GPU has it."""
    del seed
    batch, _, length, _ = ops.shape(query)
    # Of the full shape, which cuDNN asks for.
    mask = ops.broadcast_to(ops.equal(bias, 0.0), (batch, 1, length, length))
    # Keras wants `(batch, length, heads, head width)`; XLA drops pairs of transpositions.
    by_token = (ops.transpose(each, (0, 2, 1, 3)) for each in (query, key, value))
    # The scale is in the query's kernel.
    context = ops.dot_product_attention(*by_token, mask=mask, scale=1.0)
    return ops.reshape(context, (-1, options.num_heads * value.shape[-1]))
