"""KerasHub's ALBERT backbone with a forward pass of its own."""

from __future__ import annotations

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
    normalize,
    transformer_layer,
)
from models.albert.presets import load_preset, save_preset
from models.albert.weights import layer_weights


@keras.saving.register_keras_serializable(package="albert_tfx")
class AlbertBackbone(keras_hub.models.AlbertBackbone):
    """ALBERT (https://arxiv.org/abs/1909.11942) in KerasHub's variables, names and presets.

    Calling it, on tensors or on Keras inputs, runs the computation of models.albert.encoder. Its
    own symbolic graph (`backbone.output`) is KerasHub's: the same function, computed slower.

    Inputs are `token_ids`, `segment_ids` and `padding_mask`, int32 `(batch, length)`; outputs are
    `sequence_output` `(batch, length, hidden_dim)` and `pooled_output` `(batch, hidden_dim)`, in
    the compute dtype.
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
            activation=chosen,
            dropout=self.dropout,
            attention_dropout=self.dropout if attention_dropout is None else attention_dropout,
        )
        if self.dropout or attention_dropout:
            self.dropout_seeds = keras.random.SeedGenerator()
        for layer in (layer for group in self.transformer_layers for layer in group):
            # KerasHub's own graph is to compute the same function.
            layer._feedforward_intermediate_dense.activation = chosen

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> dict[str, Any]:
        seed = self._draw_seed() if training else None
        x = self._embed(inputs["token_ids"], inputs["segment_ids"], seed)
        x = self._encode(x, inputs["padding_mask"], seed)
        pooled = ops.matmul(
            x[:, self.cls_token_index, :], ops.cast(self.pooled_dense.kernel, x.dtype)
        )
        pooled = ops.tanh(pooled + ops.cast(self.pooled_dense.bias, x.dtype))
        return {"sequence_output": x, "pooled_output": pooled}

    def compute_output_spec(
        self, inputs: Any, training: bool | None = None, mask: Any = None
    ) -> dict[str, keras.KerasTensor]:
        batch, length = inputs["token_ids"].shape
        dtype = self.compute_dtype
        return {
            "sequence_output": keras.KerasTensor((batch, length, self.hidden_dim), dtype),
            "pooled_output": keras.KerasTensor((batch, self.hidden_dim), dtype),
        }

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
        """Returns `(batch, length, hidden)` in the compute dtype, the sum and norm in float32."""
        tokens = ops.take(self.token_embedding.embeddings, token_ids, axis=0)
        segments = ops.take(self.segment_embedding.embeddings, segment_ids, axis=0)
        positions = ops.convert_to_tensor(self.position_embedding.position_embeddings)
        x = tokens + segments + positions[: ops.shape(token_ids)[1]]
        norm = self.embeddings_layer_norm
        x = normalize(x, norm.gamma, norm.beta, self.compute_dtype)
        x = drop(x, self.dropout, None if seed is None else seed_at(seed, 0))
        projection = self.embeddings_projection
        rows = ops.matmul(
            ops.reshape(x, (-1, self.embedding_dim)), ops.cast(projection.kernel, x.dtype)
        )
        rows = rows + ops.cast(projection.bias, x.dtype)
        return ops.reshape(rows, (*ops.shape(token_ids), self.hidden_dim))

    def _encode(self, x: Any, padding_mask: Any, seed: Any) -> Any:
        """Applies every group of layers `num_layers / num_groups` times."""
        bias = attention_bias(padding_mask)
        repetitions = self.num_layers // self.num_groups
        place = 0
        for group in self.transformer_layers:
            weights = [layer_weights(layer, self.compute_dtype) for layer in group]
            for _ in range(repetitions):
                for one in weights:
                    place += 1
                    layer_seed = None if seed is None else seed_at(seed, place * 1000)
                    x = transformer_layer(x, one, bias, layer_seed, self._layer_options)
        return x
