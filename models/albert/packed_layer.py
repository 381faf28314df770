"""A transformer layer as it is served: matrix products over the tokens of a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from models.albert.packed_tokens import Asked, Packing
from models.albert.pieces import normalize
from models.albert.weights import LayerWeights


class PackedLayer(tf.Module):
    """A layer as one function that is not inlined.

    Its repetitions thus share the order that oneDNN keeps of constant weights, and TensorFlow fuses
    the GELU with its product, which it does not find in the whole graph.
    """

    def __init__(
        self, weights: LayerWeights, num_heads: int, activation: Callable[[Any], Any]
    ) -> None:
        """Takes the parts of a layer.

        Args:
          weights: Kernels and biases in the dtype of the products, the others float32.
          num_heads: Attention heads.
          activation: Of the feed-forward block.
        """
        super().__init__()
        self._kept = [keep(weight) for weight in weights]
        self._num_heads = num_heads
        self._hidden_dim = int(weights.attention_kernel.shape[0])
        self._activation = activation
        # Wrapped: a tf.function that is an attribute is saved a second time, constants and all.
        self._apply = partial(
            tf.function(self._layer, autograph=False, experimental_attributes={"_noinline": True})
        )

    def __call__(self, x: tf.Tensor, packing: Packing, bias: tf.Tensor, asked: Asked) -> tf.Tensor:
        """Applies the layer.

        Args:
          x: `(tokens, hidden)`.
          packing: Where the tokens are.
          bias: Added to the attention's scores, float32 `(rows, 1, 1, length)`.
          asked: Which tokens are asked for.

        Returns:
          `(asked, hidden)`, in the dtype of `x`.
        """
        return self._apply(x, packing, bias, asked)

    def _layer(self, x: tf.Tensor, packing: Packing, bias: tf.Tensor, asked: Asked) -> tf.Tensor:
        weights = LayerWeights(*map(tf.convert_to_tensor, self._kept))
        qkv = packing.pad(dense(x, weights.qkv_kernel, weights.qkv_bias))
        context = tf.gather(self._attend(qkv, bias, asked.num_places), asked.contexts)
        attended = dense(context, weights.attention_kernel, weights.attention_bias)
        x = tf.gather(x, asked.tokens)
        x = _add_and_norm(attended, x, weights.attention_gamma, weights.attention_beta)
        inner = dense(x, weights.intermediate_kernel, weights.intermediate_bias)
        output = dense(self._activation(inner), weights.output_kernel, weights.output_bias)
        return _add_and_norm(output, x, weights.output_gamma, weights.output_beta)

    def _attend(self, qkv: tf.Tensor, bias: tf.Tensor, num_places: tf.Tensor) -> tf.Tensor:
        """Returns what the first places of each row attend to, `(rows * num_places, hidden)`.

        Args:
          qkv: Query, key and value, `(rows, length, 3 * hidden)`.
          bias: float32 `(rows, 1, 1, length)`.
          num_places: So many places of each row, int32 `()`.
        """
        shape, width = tf.shape(qkv), self._hidden_dim // self._num_heads
        heads = [shape[0], shape[1], 3, self._num_heads, width]
        split = tf.transpose(tf.reshape(qkv, heads), [2, 0, 3, 1, 4])
        query, key, value = tf.unstack(split, 3)
        scores = tf.matmul(query[:, :, :num_places], key, transpose_b=True)
        probabilities = tf.nn.softmax(tf.cast(scores, tf.float32) + bias)
        context = tf.matmul(tf.cast(probabilities, value.dtype), value)
        return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, self._hidden_dim])


def keep(weight: tf.Tensor) -> Any:
    """Returns a weight as it stands in a graph: float32 as a variable, bfloat16 as a constant."""
    value = tf.convert_to_tensor(weight)
    return value.numpy() if value.dtype == tf.bfloat16 else tf.Variable(value, trainable=False)


def dense(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Returns `x @ kernel + bias` as the two ops that TensorFlow fuses with what follows them."""
    return tf.nn.bias_add(tf.matmul(x, kernel), bias)


def _add_and_norm(update: tf.Tensor, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    """Returns LayerNorm(update + x), computed in float32, in the dtype of `x`."""
    return tf.cast(normalize(tf.cast(update + x, tf.float32), gamma, beta), x.dtype)
