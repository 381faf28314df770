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
    projections = [
        (attention.query_dense, 1.0 / math.sqrt(head_dim)),
        (attention.key_dense, 1.0),
        (attention.value_dense, 1.0),
    ]
    kernels = [ops.reshape(_scaled(p.kernel, s), (hidden_dim, -1)) for p, s in projections]
    biases = [ops.reshape(_scaled(p.bias, s), (-1,)) for p, s in projections]
    attention_kernel = ops.reshape(attention.output_dense.kernel, (-1, hidden_dim))
    return LayerWeights(
        qkv_kernel=ops.concatenate([ops.cast(kernel, dtype) for kernel in kernels], axis=1),
        qkv_bias=ops.cast(ops.concatenate(biases, axis=0), dtype),
        attention_kernel=ops.cast(attention_kernel, dtype),
        attention_bias=ops.cast(attention.output_dense.bias, dtype),
        attention_gamma=ops.convert_to_tensor(layer._self_attention_layer_norm.gamma),
        attention_beta=ops.convert_to_tensor(layer._self_attention_layer_norm.beta),
        intermediate_kernel=ops.cast(intermediate.kernel, dtype),
        intermediate_bias=ops.cast(intermediate.bias, dtype),
        output_kernel=ops.cast(output.kernel, dtype),
        output_bias=ops.cast(output.bias, dtype),
        output_gamma=ops.convert_to_tensor(layer._feedforward_layer_norm.gamma),
        output_beta=ops.convert_to_tensor(layer._feedforward_layer_norm.beta),
    )


def _scaled(variable: Any, factor: float) -> Any:
    value = ops.convert_to_tensor(variable)
    return value if factor == 1.0 else value * factor
