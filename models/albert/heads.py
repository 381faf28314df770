"""The heads of ALBERT's pretraining and fine-tuning, as Keras layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from models.albert.activations import KERAS_HUB_ACTIVATION, activation
from models.albert.pieces import EPSILON

INITIALIZER_RANGE = 0.02
"""Standard deviation of random weights; source: `initializer_range` of every published config."""

NO_OPTION = -1e9
"""Added to the logit of an option that is none."""


class MaskedLanguageModelHead(keras.layers.Layer):
    """Says for tokens which piece of the vocabulary stands there.

    A dense layer to the width of the embeddings, the activation of the backbone, LayerNorm, and a
    product with the word embeddings of the backbone themselves, plus a bias for each piece
    (`get_masked_lm_output` in run_pretraining.py of google-research/albert; https://arxiv.org/abs/1909.11942).

    Variables of its own, below its name: `dense/kernel`, `dense/bias`, `layer_norm/gamma`,
    `layer_norm/beta`, `output_bias`.
    """

    def __init__(
        self,
        token_embedding: keras.layers.Embedding,
        *,
        hidden_act: str = KERAS_HUB_ACTIVATION,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Makes the head with random weights.

        Args:
          token_embedding: The backbone's, built; its `(vocabulary, embedding_dim)` weights are
            shared, and so trained from here too.
          hidden_act: The backbone's activation.
          seed: Seed of the dense layer's weights.
          **kwargs: Of every Keras layer, such as `name` and `dtype`.
        """
        super().__init__(**kwargs)
        self.token_embedding = token_embedding
        self.dense = keras.layers.Dense(
            token_embedding.output_dim,
            activation=activation(hidden_act).plain,
            kernel_initializer=_initializer(seed),
            dtype=self.dtype_policy,
            name="dense",
        )
        self.layer_norm = keras.layers.LayerNormalization(
            epsilon=EPSILON, dtype=self.dtype_policy, name="layer_norm"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        hidden_shape = (*input_shape[:-1], self.token_embedding.output_dim)
        self.dense.build(input_shape)
        self.layer_norm.build(hidden_shape)
        self.output_bias = self.add_weight(
            shape=(self.token_embedding.input_dim,), initializer="zeros", name="output_bias"
        )

    def call(self, sequence_output: Any, positions: Any = None) -> Any:
        """Returns a score for every piece of the vocabulary.

        Args:
          sequence_output: The backbone's, `(batch, length, hidden_dim)`.
          positions: The tokens that are asked for, int32 `(batch, num_positions)`; None: all.

        Returns:
          Logits, float32 `(batch, num_positions or length, vocabulary)`.
        """
        x = sequence_output if positions is None else take_tokens(sequence_output, positions)
        x = self.layer_norm(self.dense(x))
        embeddings = ops.cast(self.token_embedding.embeddings, x.dtype)
        logits = ops.matmul(x, ops.transpose(embeddings))
        return ops.cast(logits, "float32") + ops.cast(self.output_bias, "float32")


class OptionsAsRows(keras.layers.Layer):
    """Model inputs `(batch, options, length)` as rows of their own, `(batch * options, length)`."""

    def call(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {name: ops.reshape(x, (-1, ops.shape(x)[-1])) for name, x in inputs.items()}

    def compute_output_spec(self, inputs: dict[str, Any]) -> dict[str, keras.KerasTensor]:
        return {name: keras.KerasTensor((None, x.shape[-1]), x.dtype) for name, x in inputs.items()}


class ScoresOfOptions(keras.layers.Layer):
    """One score a row, `(batch * options, 1)`, as logits of the options, `(batch, options)`.

    An option without a token is none: its logit is so low that its probability is 0.
    """

    def call(self, scores: Any, padding_mask: Any) -> Any:
        """Returns the logits.

        Args:
          scores: float32 `(batch * options, 1)`.
          padding_mask: `(batch, options, length)`, 0 for padding.
        """
        exists = ops.cast(ops.any(ops.cast(padding_mask, "bool"), axis=-1), "float32")
        return ops.reshape(scores, ops.shape(exists)) + (1.0 - exists) * NO_OPTION

    def compute_output_spec(self, scores: Any, padding_mask: Any) -> keras.KerasTensor:
        return keras.KerasTensor(padding_mask.shape[:-1], "float32")


def take_tokens(sequence_output: Any, positions: Any) -> Any:
    """Returns the tokens of each row that stand at its positions.

    Args:
      sequence_output: `(batch, length, hidden_dim)`.
      positions: int32 `(batch, num_positions)`.

    Returns:
      `(batch, num_positions, hidden_dim)`, in the dtype of `sequence_output`.
    """
    # Not take_along_axis, which TensorFlow's back end computes wrongly for a batch of no rows.
    batch, length, hidden_dim = ops.shape(sequence_output)
    starts = ops.expand_dims(ops.arange(batch) * length, 1)
    tokens = ops.reshape(sequence_output, (-1, hidden_dim))
    return ops.take(tokens, positions + ops.cast(starts, positions.dtype), axis=0)


def dense_head(
    features: Any, num_outputs: int, *, dropout: float, seed: int, name: str = "logits"
) -> Any:
    """Puts dropout and a dense layer on what the backbone gives, as every classifier of ALBERT has.

    Args:
      features: Pooled `(batch, hidden_dim)` or of every token `(batch, length, hidden_dim)`.
      num_outputs: Logits of each.
      dropout: Rate.
      seed: Seed of the weights and of dropout.
      name: Name of the dense layer.

    Returns:
      Logits, float32 `(batch, num_outputs)` or `(batch, length, num_outputs)`.
    """
    dropped = keras.layers.Dropout(dropout, seed=seed, name=f"{name}_dropout")(features)
    return keras.layers.Dense(
        num_outputs, kernel_initializer=_initializer(seed), dtype="float32", name=name
    )(dropped)


def _initializer(seed: int | None) -> keras.initializers.Initializer:
    return keras.initializers.TruncatedNormal(stddev=INITIALIZER_RANGE, seed=seed)
