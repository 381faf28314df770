"""Makes the ALBERT backbone that a config describes."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import keras

from models.albert import AlbertBackbone
from models.config import ModelConfig
from models.presets import backbone_size, check_positions
from schemas.errors import UserError

_KERAS_HUB_INITIALIZER_RANGE = 0.02


def create_backbone(
    config: ModelConfig,
    vocabulary_size: int,
    *,
    dtype: str | keras.DTypePolicy | None = None,
    seed: int = 0,
    gradient_checkpointing: bool = False,
) -> AlbertBackbone:
    """Makes the backbone: random weights of a named size, or those of a KerasHub preset folder.

    Of the latter all, or their token embeddings beside random weights: see `ModelConfig.reuse`.

    Args:
      config: Size or weights.
      vocabulary_size: Number of ids of the tokenizer.
      dtype: Precision policy; unset: the global one.
      seed: Seed of random weights, and of dropout.
      gradient_checkpointing: Whether training computes activations again for the gradients.

    Returns:
      A model from `token_ids`, `segment_ids`, `padding_mask`, int32 `(batch, length)`, to
      `sequence_output` `(batch, length, hidden_dim)` and `pooled_output` `(batch, hidden_dim)`.

    Raises:
      UserError: If the size is unknown or impossible, or the weights do not fit the vocabulary or
        `max_length`.
    """
    with initializers_seeded(seed):
        if config.weights is not None:
            backbone = _load_backbone(config.weights, config, vocabulary_size, dtype)
            if config.reuse == "token_embeddings":
                backbone = _with_embeddings_of(backbone, backbone_size(config).initializer_range)
            backbone.gradient_checkpointing = gradient_checkpointing
            return backbone
        size = asdict(backbone_size(config))
        initializer_range = size.pop("initializer_range")
        backbone = AlbertBackbone(
            vocabulary_size=vocabulary_size,
            max_sequence_length=size.pop("max_positions"),
            dropout=config.dropout or 0.0,
            dtype=dtype,
            gradient_checkpointing=gradient_checkpointing,
            **size,
        )
    _scale_weights(backbone, initializer_range / _KERAS_HUB_INITIALIZER_RANGE)
    return backbone


def _scale_weights(backbone: AlbertBackbone, factor: float) -> None:
    """Multiplies the random weights, whose spread KerasHub fixes; biases and norms are no such."""
    if factor == 1.0:
        return
    for variable in backbone.trainable_variables:
        if variable.path.endswith(("kernel", "embeddings")):
            variable.assign(variable * factor)


def _with_embeddings_of(backbone: AlbertBackbone, initializer_range: float) -> AlbertBackbone:
    """Returns a backbone of random weights, but for the token embeddings, scaled to their spread.

    What a short training on little text leaves in the layers is larger than random weights are,
    and a worse start than they; what it has learned of words is in the embeddings.
    """
    random_one = AlbertBackbone.from_config(backbone.get_config())
    _scale_weights(random_one, initializer_range / _KERAS_HUB_INITIALIZER_RANGE)
    given = backbone.token_embedding.embeddings
    factor = initializer_range / keras.ops.std(given)
    random_one.token_embedding.embeddings.assign(given * factor)
    return random_one


def _load_backbone(
    preset: str, config: ModelConfig, vocabulary_size: int, dtype: str | keras.DTypePolicy | None
) -> AlbertBackbone:
    try:
        backbone = AlbertBackbone.from_preset(preset, dtype=dtype, **_dropout(config))
    except (OSError, ValueError) as error:
        raise UserError(
            "model.weights must be the folder of a KerasHub ALBERT preset; received "
            f"{config.weights!r}: {error}"
        ) from error
    if backbone.vocabulary_size != vocabulary_size:
        raise UserError(
            "the vocabulary must be the one of model.weights, with "
            f"{backbone.vocabulary_size} pieces; received one with {vocabulary_size}; set "
            "vocabulary.model to the SentencePiece file of these weights"
        )
    check_positions(config, backbone.max_sequence_length)
    return backbone


def _dropout(config: ModelConfig) -> dict[str, Any]:
    """Returns what overrides the dropout of given weights, which may have two rates."""
    return {} if config.dropout is None else {"dropout": config.dropout, "attention_dropout": None}


@contextmanager
def initializers_seeded(seed: int) -> Iterator[None]:
    """Seeds the weights and dropout of layers made inside the block.

    KerasHub gives its initializers no seed, so that Keras draws one from Python's `random`.
    `keras.utils.set_random_seed` would do as well, but it also empties TensorFlow's kernel cache,
    and with it every tokenizer made before.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
