"""The weights of one application of a layer, taken from KerasHub's variables once per step.

All repetitions of a shared layer use the same tensors: the casts to 16 bits and the joining of the
three projections are paid once, however often the layer is applied.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras
from keras import ops


class LayerWeights(NamedTuple):
    """One transformer layer; kernels `(inputs, outputs)` and biases in the compute dtype.

    The scale 1 / sqrt(head width) of the attention is part of the query's kernel and bias. The
    scales and offsets of LayerNorm are float32.
    """

    qkv_kernel: Any
    qkv_bias: Any
    attention_kernel: Any
    attention_bias: Any
    attention_gamma: Any
    attention_beta: Any
    intermediate_kernel: Any
    intermediate_bias: Any
    output_kernel: Any
    output_bias: Any
    output_gamma: Any
    output_beta: Any


def layer_weights(layer: keras.layers.Layer, dtype: str) -> LayerWeights:
    """Takes the weights out of a KerasHub TransformerEncoder.

    Args:
      layer: Its attention kernels are `(hidden, heads, head width)`, and `(heads, head width,
        hidden)` for the output.
      dtype: Compute dtype.
    """
    attention = layer._self_attention_layer
    intermediate = layer._feedforward_intermediate_dense
    output = layer._feedforward_output_dense
    hidden_dim, _, head_dim = attention.query_dense.kernel.shape
    query, key, value = attention.query_dense, attention.key_dense, attention.value_dense
    scale = 1.0 / math.sqrt(head_dim)
    kernels = [ops.multiply(query.kernel, scale), key.kernel, value.kernel]
    biases = [ops.multiply(query.bias, scale), key.bias, value.bias]
    columns = [ops.cast(ops.reshape(kernel, (hidden_dim, hidden_dim)), dtype) for kernel in kernels]
    attention_kernel = ops.reshape(attention.output_dense.kernel, (hidden_dim, hidden_dim))
    return LayerWeights(
        qkv_kernel=ops.concatenate(columns, axis=1),
        qkv_bias=ops.cast(
            ops.concatenate([ops.reshape(b, (hidden_dim,)) for b in biases], axis=0), dtype
        ),
        attention_kernel=ops.cast(attention_kernel, dtype),
        attention_bias=read(attention.output_dense.bias, dtype),
        attention_gamma=read(layer._self_attention_layer_norm.gamma, "float32"),
        attention_beta=read(layer._self_attention_layer_norm.beta, "float32"),
        intermediate_kernel=read(intermediate.kernel, dtype),
        intermediate_bias=read(intermediate.bias, dtype),
        output_kernel=read(output.kernel, dtype),
        output_bias=read(output.bias, dtype),
        output_gamma=read(layer._feedforward_layer_norm.gamma, "float32"),
        output_beta=read(layer._feedforward_layer_norm.beta, "float32"),
    )


def read(variable: Any, dtype: str) -> Any:
    """Returns the value of a variable in `dtype`, as a tensor that stands for one reading of it."""
    return ops.copy(ops.cast(variable, dtype))
