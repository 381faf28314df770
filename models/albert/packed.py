"""The encoder as it is served: matrix products over the tokens of a batch, none over its padding.

A batch of short texts and one long text is mostly padding. Here the tokens of all rows stand one
after the other, `(tokens, hidden)`; the attention alone sees rows, of the longest row's length.
TensorFlow only, without XLA, which stock TensorFlow Serving disables;
docs/decisions/0004-served-graph.md says why it is as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from models.albert.activations import activation
from models.albert.backbone import AlbertBackbone
from models.albert.packed_layer import PackedLayer, dense, keep
from models.albert.packed_tokens import Packing
from models.albert.pieces import normalize
from models.albert.weights import layer_weights
from schemas import features as keys

_MASKED = -1e9
"""Attention score of a token that is not there."""


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
        self.repeats = backbone.num_layers // backbone.num_groups
        function = activation(backbone.hidden_act).plain
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
            [
                PackedLayer(layer_weights(layer, dtype), backbone.num_heads, function)
                for layer in group
            ]
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
        *layers, last = (layer for group in self._groups for layer in list(group) * self.repeats)
        every, first = packing.every(), packing.first()
        for layer in layers:
            x = layer(x, packing, bias, every)
        x = tf.cast(last(x, packing, bias, first if pooled_only else every), tf.float32)
        first_tokens = x if pooled_only else tf.gather(x, first.tokens)
        pooled = {"pooled_output": tf.tanh(dense(first_tokens, *self._pooler))}
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
        return dense(tf.cast(x, self.dtype), *self._projection)

    def _dense_weights(self, layer: keras.layers.Dense, dtype: tf.DType) -> tuple[Any, Any]:
        return tuple(keep(tf.cast(part.value, dtype)) for part in (layer.kernel, layer.bias))


class EncoderLayer(keras.layers.Layer):
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
    packed = EncoderLayer(encoder, backbone)
    # A model of its own that was never compiled: a clone would take the optimizer along.
    plain = keras.Model(model.input, model.output, name=model.name)
    return keras.models.clone_model(
        plain, clone_function=lambda layer: packed if layer is backbone else layer
    )
