"""The dimensions that decide what training costs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from models.config import ModelConfig
from models.presets import backbone_size, check_positions
from schemas.errors import UserError

_PRESET_CONFIG = "config.json"


@dataclass(frozen=True)
class ModelShape:
    """Dimensions of a backbone with a head.

    Attributes:
      num_layers: How often a group of shared layers is applied.
      num_heads: Attention heads.
      hidden_dim: Width.
      intermediate_dim: Width of the feed-forward part.
      embedding_dim: Width of the embeddings.
      max_positions: Rows of the position table.
      vocabulary_size: Rows of the token table.
      num_outputs: Outputs of the head's dense layer.
      num_groups: Groups of shared layers, each with weights of its own.
      inner_group_num: Layers in a group.
      first_token_only: Whether the head takes the first token alone, so that the last layer is
        computed for it only: key and value of every token, and the rest once a row.
    """

    num_layers: int
    num_heads: int
    hidden_dim: int
    intermediate_dim: int
    embedding_dim: int
    max_positions: int
    vocabulary_size: int
    num_outputs: int
    num_groups: int = 1
    inner_group_num: int = 1
    first_token_only: bool = False

    @property
    def applications(self) -> int:
        """Layers that a row passes through."""
        return self.num_layers * self.inner_group_num

    @property
    def whole_applications(self) -> int:
        """Those of them that are computed for every token."""
        return self.applications - self.first_token_only


def model_shape(
    config: ModelConfig, *, vocabulary_size: int, num_outputs: int, first_token_only: bool = False
) -> ModelShape:
    """Returns the shape of the model that `config` describes.

    Args:
      config: A named size with overrides, or the folder of weights.
      vocabulary_size: Number of ids of the tokenizer; weights bring their own.
      num_outputs: Outputs of the head.
      first_token_only: Whether the head takes the first token alone.

    Raises:
      UserError: If the size is unknown, the weights do not say what they are, or they have fewer
        positions than `max_length`.
    """
    if config.weights is not None:
        preset = _preset_shape(Path(config.weights), num_outputs)
        check_positions(config, preset.max_positions)
        return replace(preset, first_token_only=first_token_only)
    size = backbone_size(config)
    return ModelShape(
        num_layers=size.num_layers,
        num_heads=size.num_heads,
        hidden_dim=size.hidden_dim,
        intermediate_dim=size.intermediate_dim,
        embedding_dim=size.embedding_dim,
        max_positions=size.max_positions,
        vocabulary_size=vocabulary_size,
        num_outputs=num_outputs,
        first_token_only=first_token_only,
    )


def _preset_shape(folder: Path, num_outputs: int) -> ModelShape:
    """Reads the dimensions of a KerasHub preset folder, without its weights."""
    try:
        dimensions = json.loads((folder / _PRESET_CONFIG).read_text("utf-8"))["config"]
        return ModelShape(
            num_layers=dimensions["num_layers"],
            num_heads=dimensions["num_heads"],
            hidden_dim=dimensions["hidden_dim"],
            intermediate_dim=dimensions["intermediate_dim"],
            embedding_dim=dimensions["embedding_dim"],
            max_positions=dimensions["max_sequence_length"],
            vocabulary_size=dimensions["vocabulary_size"],
            num_outputs=num_outputs,
            num_groups=dimensions.get("num_groups", 1),
            inner_group_num=dimensions.get("num_inner_repetitions", 1),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            "model.weights must be the folder of a KerasHub ALBERT preset; received "
            f"{str(folder)!r}, whose {_PRESET_CONFIG} cannot be read ({error}); correct the path"
        ) from error
