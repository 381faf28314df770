"""The encoder as it is served: matrix products over the tokens of a batch, none over its padding.

A batch of short texts and one long text is mostly padding. Here the tokens of all rows stand one
after the other, `(tokens, hidden)`; the attention alone sees rows, of the longest row's length.
TensorFlow only, without XLA, which stock TensorFlow Serving disables;
docs/decisions/0004-served-graph.md says why it is as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from models.albert.activations import activation
from models.albert.backbone import AlbertBackbone
from models.albert.pieces import normalize
from models.albert.weights import LayerWeights, layer_weights
from schemas import features as keys

_MASKED = -1e9
"""Attention score of a token that is not there."""


class Packing(NamedTuple):
    """Where the tokens of a padded batch are, when they stand one after the other.

    Attributes:
      shape: Rows and length of the padded batch, int32 `(2,)`.
      places: Place of each token in the flattened batch, int32 `(tokens,)`.
      packed: Which token stands at each place, some other one where there is none, int32
        `(rows * length,)`.
      present: Where there is a token, bool `(rows, length)`.
    """

    shape: tf.Tensor
    places: tf.Tensor
    packed: tf.Tensor
    present: tf.Tensor

    @classmethod
    def of(cls, padding_mask: tf.Tensor) -> Packing:
        """Finds the tokens of a batch.

        Args:
          padding_mask: int32 `(rows, length)`, 0 for padding. The first place of a row counts as a
            token in any case, so that every row has one.
        """
        shape = tf.shape(padding_mask)
        present = (padding_mask != 0) | (tf.range(shape[1]) == 0)
        flat = tf.reshape(present, [-1])
        places = tf.cast(tf.reshape(tf.where(flat), [-1]), tf.int32)
        packed = tf.maximum(tf.cumsum(tf.cast(flat, tf.int32)) - 1, 0)
        return cls(shape, places, packed, present)

    def pack(self, padded: tf.Tensor) -> tf.Tensor:
        """Returns the tokens of `(rows * length, ...)` as `(tokens, ...)`."""
        return tf.gather(padded, self.places)

    def pad(self, tokens: tf.Tensor) -> tf.Tensor:
        """Returns `(tokens, width)` as `(rows, length, width)`; what stands for padding is void."""
        width = tokens.shape[-1]
        return tf.reshape(tf.gather(tokens, self.packed), [*tf.unstack(self.shape), width])

    def first(self, tokens: tf.Tensor) -> tf.Tensor:
        """Returns the first of the tokens of every row, `(rows, width)`."""
        rows, length = tf.unstack(self.shape)
        return tf.gather(tokens, tf.gather(self.packed, tf.range(rows) * length))


class PackedEncoder(tf.Module):
    """Computes what an AlbertBackbone computes, with a copy of its weights.

    Float32 weights are variables. Those of bfloat16 are constants of the graph, which oneDNN keeps
    in the order that it multiplies in. LayerNorm, softmax and what comes out are float32 in both.
    """

    def __init__(self, backbone: AlbertBackbone, *, dtype: str) -> None:
        """Copies the weights that the backbone has now.

        Args:
          backbone: Its weights are float32.
          dtype: Of the matrix products, "float32" or "bfloat16".
        """
        super().__init__(name="packed_encoder")
        self.dtype = tf.as_dtype(dtype)
        self.hidden_dim = backbone.hidden_dim
        self.num_heads = backbone.num_heads
        self.repeats = backbone.num_layers // backbone.num_groups
        self._activation = activation(backbone.hidden_act).plain
        norm = backbone.embeddings_layer_norm
        self._embeddings = {
            keys.TOKEN_IDS: tf.Variable(backbone.token_embedding.embeddings),
            keys.SEGMENT_IDS: tf.Variable(backbone.segment_embedding.embeddings),
            "positions": tf.Variable(backbone.position_embedding.position_embeddings),
            "gamma": tf.Variable(norm.gamma),
            "beta": tf.Variable(norm.beta),
        }
        self._projection = self._dense_weights(backbone.embeddings_projection, self.dtype)
        self._pooler = self._dense_weights(backbone.pooled_dense, tf.float32)
        self._groups = [
            [LayerWeights(*map(self._kept, layer_weights(layer, dtype))) for layer in group]
            for group in backbone.transformer_layers
        ]

    def __call__(
        self, inputs: Mapping[str, tf.Tensor], *, pooled_only: bool = False
    ) -> dict[str, tf.Tensor]:
        """Encodes a batch.

        Args:
          inputs: `token_ids`, `segment_ids` and `padding_mask`, int32 `(batch, length)`.
          pooled_only: Leave the sequence out; the last layer is then computed for the first tokens.

        Returns:
          `pooled_output` `(batch, hidden)` and, if not `pooled_only`, `sequence_output` `(batch,
          length, hidden)`, 0 at padding, both float32.
        """
        packing = Packing.of(inputs[keys.PADDING_MASK])
        bias = tf.where(packing.present, 0.0, _MASKED)[:, tf.newaxis, tf.newaxis, :]
        x = self._embed(inputs, packing)
        layers = [layer for group in self._groups for layer in list(group) * self.repeats]
        for number, layer in enumerate(layers, 1):
            x = self._layer(x, layer, packing, bias, pooled_only and number == len(layers))
        x = tf.cast(x, tf.float32)
        first = x if pooled_only else packing.first(x)
        pooled = {"pooled_output": tf.tanh(_dense(first, *self._pooler))}
        if pooled_only:
            return pooled
        present = tf.cast(packing.present, tf.float32)[:, :, tf.newaxis]
        return {"sequence_output": packing.pad(x) * present, **pooled}

    def _embed(self, inputs: Mapping[str, tf.Tensor], packing: Packing) -> tf.Tensor:
        """Returns the tokens' embeddings, `(tokens, hidden)`; sum and norm are float32."""
        weights = self._embeddings
        tokens, segments = (
            tf.gather(weights[name], packing.pack(tf.reshape(inputs[name], [-1])))
            for name in (keys.TOKEN_IDS, keys.SEGMENT_IDS)
        )
        places = tf.math.floormod(packing.places, packing.shape[1])
        positions = tf.gather(weights["positions"], places)
        x = normalize(tokens + segments + positions, weights["gamma"], weights["beta"])
        return _dense(tf.cast(x, self.dtype), *self._projection)

    def _layer(
        self,
        x: tf.Tensor,
        weights: LayerWeights,
        packing: Packing,
        bias: tf.Tensor,
        first_only: bool,
    ) -> tf.Tensor:
        """Applies a layer to `(tokens, hidden)`; returns the first token of each row if so told."""
        qkv = packing.pad(_dense(x, weights.qkv_kernel, weights.qkv_bias))
        context = self._attend(qkv, bias, first_only)
        if first_only:
            x = packing.first(x)
        else:
            context = packing.pack(context)
        attended = _dense(context, weights.attention_kernel, weights.attention_bias)
        x = self._norm(attended + x, weights.attention_gamma, weights.attention_beta)
        inner = _dense(x, weights.intermediate_kernel, weights.intermediate_bias)
        output = _dense(self._activation(inner), weights.output_kernel, weights.output_bias)
        return self._norm(output + x, weights.output_gamma, weights.output_beta)

    def _attend(self, qkv: tf.Tensor, bias: tf.Tensor, first_only: bool) -> tf.Tensor:
        """Returns what each place attends to.

        Args:
          qkv: Query, key and value, `(rows, length, 3 * hidden)`.
          bias: float32 `(rows, 1, 1, length)`.
          first_only: Attend from the first place of each row only.

        Returns:
          `(rows * length, hidden)`, or `(rows, hidden)`.
        """
        shape, width = tf.shape(qkv), self.hidden_dim // self.num_heads
        heads = [shape[0], shape[1], 3, self.num_heads, width]
        split = tf.transpose(tf.reshape(qkv, heads), [2, 0, 3, 1, 4])
        query, key, value = tf.unstack(split, 3)
        if first_only:
            query = query[:, :, :1]
        scores = tf.matmul(query, key, transpose_b=True)
        probabilities = tf.nn.softmax(tf.cast(scores, tf.float32) + bias)
        context = tf.matmul(tf.cast(probabilities, self.dtype), value)
        return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, self.hidden_dim])

    def _norm(self, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
        return tf.cast(normalize(tf.cast(x, tf.float32), gamma, beta), self.dtype)

    def _dense_weights(self, layer: keras.layers.Dense, dtype: tf.DType) -> tuple[Any, Any]:
        return tuple(self._kept(tf.cast(part.value, dtype)) for part in (layer.kernel, layer.bias))

    def _kept(self, weight: Any) -> Any:
        value = tf.convert_to_tensor(weight)
        return value if value.dtype == tf.bfloat16 else tf.Variable(value, trainable=False)


class PackedLayer(keras.layers.Layer):
    """Stands for the backbone in a model that is served."""

    def __init__(self, encoder: PackedEncoder, backbone: AlbertBackbone) -> None:
        super().__init__(name=backbone.name, dtype="float32", trainable=False)
        self.encoder = encoder
        self.hidden_dim = encoder.hidden_dim

    def call(
        self,
        inputs: Mapping[str, Any],
        training: bool | None = None,
        mask: Any = None,
        pooled_only: bool = False,
    ) -> dict[str, Any]:
        del training, mask  # of the signature that calls of the backbone have
        return self.encoder(inputs, pooled_only=pooled_only)

    def compute_output_spec(
        self,
        inputs: Mapping[str, Any],
        training: bool | None = None,
        mask: Any = None,
        pooled_only: bool = False,
    ) -> dict[str, keras.KerasTensor]:
        batch, length = inputs[keys.TOKEN_IDS].shape
        pooled = {"pooled_output": keras.KerasTensor((batch, self.hidden_dim), "float32")}
        if pooled_only:
            return pooled
        sequence = keras.KerasTensor((batch, length, self.hidden_dim), "float32")
        return {"sequence_output": sequence, **pooled}


def with_encoder(
    model: keras.Model, backbone: AlbertBackbone, encoder: PackedEncoder
) -> keras.Model:
    """Returns `model` with `encoder` instead of its backbone; heads are shared with it.

    Args:
      model: A functional model, of which `backbone` is a layer.
      backbone: What is taken out.
      encoder: Made of `backbone`.
    """
    packed = PackedLayer(encoder, backbone)
    # A model of its own that was never compiled: a clone would take the optimizer along.
    plain = keras.Model(model.input, model.output, name=model.name)
    return keras.models.clone_model(
        plain, clone_function=lambda layer: packed if layer is backbone else layer
    )


def _dense(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Returns `x @ kernel + bias` as the two ops that TensorFlow fuses with what follows them."""
    return tf.nn.bias_add(tf.matmul(x, kernel), bias)
