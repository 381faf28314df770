"""KerasHub's ALBERT backbone with a forward pass of its own."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import keras
import keras_hub
from keras import ops
from typing_extensions import Self

from models.albert.activations import KERAS_HUB_ACTIVATION, activation
from models.albert.dropout import dropout as drop
from models.albert.dropout import seed_at
from models.albert.encoder import (
    LayerOptions,
    attention_bias,
    checkpointed_layer,
    transformer_layer,
)
from models.albert.gradients import TrainingPieces
from models.albert.pieces import Pieces, normalize
from models.albert.presets import load_preset, save_preset
from models.albert.weights import LayerWeights, layer_weights, read

_PLACES_APART = 1000
"""Between the seeds of two layers; a layer uses some of those between."""


@keras.saving.register_keras_serializable(package="albert_tfx")
class AlbertBackbone(keras_hub.models.AlbertBackbone):
    """ALBERT (https://arxiv.org/abs/1909.11942) in KerasHub's variables, names and presets.

    Calling it, on tensors or on Keras inputs, runs the computation of models.albert.encoder. Its
    own symbolic graph (`backbone.output`) is KerasHub's: the same function, computed slower.

    Inputs are `token_ids`, `segment_ids` and `padding_mask`, int32 `(batch, length)`; outputs are
    `sequence_output` `(batch, length, hidden_dim)` and `pooled_output` `(batch, hidden_dim)`, in
    the compute dtype. Called with `pooled_only=True` it gives the pooled output alone, for which
    the last layer is computed for the first token only.
    """

    def __init__(
        self,
        *args: Any,
        hidden_act: str = KERAS_HUB_ACTIVATION,
        attention_dropout: float | None = None,
        gradient_checkpointing: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes a backbone with random weights.

        Args:
          *args: KerasHub's arguments, `vocabulary_size` first.
          hidden_act: Activation of the feed-forward blocks, by a Hugging Face config's name.
          attention_dropout: Rate of the attention probabilities (Hugging Face's
            `attention_probs_dropout_prob`); None: `dropout`, as KerasHub has it.
          gradient_checkpointing: Keep the inputs of every layer only, and compute the rest again
            for the gradients: less memory for a third more time.
          **kwargs: KerasHub's arguments.

        Raises:
          UserError: If `hidden_act` is unknown.
        """
        chosen = activation(hidden_act)
        super().__init__(*args, **kwargs)
        self.hidden_act = hidden_act
        self.attention_dropout = attention_dropout
        self.gradient_checkpointing = gradient_checkpointing
        self._layer_options = LayerOptions(
            num_heads=self.num_heads,
            dropout=self.dropout,
            attention_dropout=self.dropout if attention_dropout is None else attention_dropout,
            pieces=Pieces(chosen),
        )
        if self.dropout or attention_dropout:
            self.dropout_seeds = keras.random.SeedGenerator()
        for layer in (layer for group in self.transformer_layers for layer in group):
            # KerasHub's own graph is to compute the same function.
            layer._feedforward_intermediate_dense.activation = chosen.plain

    def call(
        self,
        inputs: Any,
        training: bool | None = None,
        mask: Any = None,
        pooled_only: bool = False,
    ) -> dict[str, Any]:
        seed = self._draw_seed() if training else None
        x = self._embed(inputs["token_ids"], inputs["segment_ids"], seed)
        bias = attention_bias(inputs["padding_mask"])
        x = self._encode(x, bias, seed, training=bool(training), first_only=pooled_only)
        pooled = {"pooled_output": ops.tanh(self._dense(x[:, 0, :], self.pooled_dense))}
        return pooled if pooled_only else {"sequence_output": x, **pooled}

    def compute_output_spec(
        self,
        inputs: Any,
        training: bool | None = None,
        mask: Any = None,
        pooled_only: bool = False,
    ) -> dict[str, keras.KerasTensor]:
        batch, length = inputs["token_ids"].shape
        dtype = self.compute_dtype
        pooled = {"pooled_output": keras.KerasTensor((batch, self.hidden_dim), dtype)}
        if pooled_only:
            return pooled
        sequence = keras.KerasTensor((batch, length, self.hidden_dim), dtype)
        return {"sequence_output": sequence, **pooled}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden_act": self.hidden_act,
            "attention_dropout": self.attention_dropout,
            "gradient_checkpointing": self.gradient_checkpointing,
        }

    @classmethod
    def from_preset(cls, preset: str, load_weights: bool = True, **kwargs: Any) -> Self:
        """Loads a KerasHub ALBERT preset, whichever of the two classes wrote it.

        Raises:
          ValueError: If it is a preset of something else.
        """
        return load_preset(cls, preset, load_weights=load_weights, **kwargs)

    def save_to_preset(self, preset_dir: str, max_shard_size: float = 10) -> None:
        """Writes a preset: KerasHub's own where KerasHub computes the same, else one of this class.

        Args:
          preset_dir: Local folder.
          max_shard_size: Gigabytes of the largest file.
        """
        super().save_to_preset(preset_dir, max_shard_size=max_shard_size)
        save_preset(self, preset_dir)

    def _draw_seed(self) -> Any:
        options = self._layer_options
        used = options.dropout or options.attention_dropout
        return self.dropout_seeds.next() if used else None

    def _embed(self, token_ids: Any, segment_ids: Any, seed: Any) -> Any:
        """Returns `(batch, length, hidden)` in the compute dtype; sum and norm are float32."""
        shape = (*ops.shape(token_ids), self.hidden_dim)
        tokens = ops.take(self.token_embedding.embeddings, token_ids, axis=0)
        segments = ops.take(self.segment_embedding.embeddings, segment_ids, axis=0)
        positions = ops.convert_to_tensor(self.position_embedding.position_embeddings)
        x = tokens + segments + positions[: shape[1]]
        norm = self.embeddings_layer_norm
        x = ops.cast(normalize(x, norm.gamma, norm.beta), self.compute_dtype)
        x = drop(x, self.dropout, None if seed is None else seed_at(seed, 0))
        rows = ops.reshape(x, (-1, self.embedding_dim))
        return ops.reshape(self._dense(rows, self.embeddings_projection), shape)

    def _encode(self, x: Any, bias: Any, seed: Any, *, training: bool, first_only: bool) -> Any:
        """Applies every group of layers `num_layers / num_groups` times."""
        apply = (
            checkpointed_layer if training and self.gradient_checkpointing else transformer_layer
        )
        options = replace(
            self._layer_options,
            pieces=self._pieces(training=training),
            fused_attention=self._fuses_attention(training=training),
        )
        layers = self._layer_sequence(options.pieces)
        for place, layer in enumerate(layers, 1):
            layer_seed = None if seed is None else seed_at(seed, _PLACES_APART * place)
            is_last = place == len(layers)
            x = apply(x, layer, bias, layer_seed, options, first_only=first_only and is_last)
        return x

    def _layer_sequence(self, pieces: Pieces) -> list[LayerWeights]:
        """Returns the weights of each layer in the order of their use; the shared ones recur."""
        times = self.num_layers // self.num_groups
        layers = []
        for group in self.transformer_layers:
            uses = [pieces.uses(layer_weights(one, self.compute_dtype), times) for one in group]
            layers += itertools.chain.from_iterable(zip(*uses, strict=True))
        return layers

    def _pieces(self, *, training: bool) -> Pieces:
        pieces = self._layer_options.pieces
        # XLA, which JAX computes with, fuses gradients by itself.
        if not training or keras.config.backend() != "tensorflow":
            return pieces
        return TrainingPieces(pieces.activation, compiled=self.compute_dtype != "float32")

    def _fuses_attention(self, *, training: bool) -> bool:
        drops = training and bool(self._layer_options.attention_dropout)
        return keras.config.backend() == "jax" and not drops

    def _dense(self, x: Any, layer: keras.layers.Dense) -> Any:
        kernel, bias = read(layer.kernel, x.dtype), read(layer.bias, x.dtype)
        return self._layer_options.pieces.dense(x, kernel, bias)
