"""The sizes of the ALBERT family by name, and the one that a config asks for."""

import difflib
from dataclasses import dataclass, replace

from models.config import ModelConfig
from schemas.errors import UserError

_OVERRIDES = (
    "embedding_dim",
    "hidden_dim",
    "intermediate_dim",
    "num_layers",
    "num_heads",
    "initializer_range",
)


@dataclass(frozen=True)
class BackboneSize:
    """Dimensions of an ALBERT backbone, whose one group of weights is applied `num_layers` times.

    Source: Lan et al., "ALBERT: A Lite BERT for Self-supervised Learning of Language
    Representations", https://arxiv.org/abs/1909.11942, table 1, and the configs of the v1 and v2
    checkpoints.
    """

    num_layers: int
    num_heads: int
    hidden_dim: int
    intermediate_dim: int
    embedding_dim: int = 128
    max_positions: int = 512
    initializer_range: float = 0.02


_PAPER_SIZES = {
    "base": BackboneSize(12, 12, 768, 3072),
    "large": BackboneSize(24, 16, 1024, 4096),
    "xlarge": BackboneSize(24, 16, 2048, 8192),
    "xxlarge": BackboneSize(12, 64, 4096, 16384),
}

SIZES: dict[str, BackboneSize] = {
    "albert-tiny": BackboneSize(4, 4, 128, 512, embedding_dim=64),
    "albert-small": BackboneSize(6, 6, 384, 1536),
    **{
        f"albert-{name}-{version}": size
        for name, size in _PAPER_SIZES.items()
        for version in ("v1", "v2")
    },
}
"""albert-tiny and albert-small are ours, for training from scratch; the rest are the published."""


def backbone_size(config: ModelConfig) -> BackboneSize:
    """Returns the dimensions of `config`'s named size with its overrides.

    Raises:
      UserError: If the size is unknown, or its heads do not divide its width.
    """
    if config.size not in SIZES:
        near = difflib.get_close_matches(config.size, SIZES, n=3) or list(SIZES)
        raise UserError(
            f"model.size must be a known size; received {config.size!r}; near it: {', '.join(near)}"
        )
    overrides = {
        name: getattr(config, name) for name in _OVERRIDES if getattr(config, name) is not None
    }
    size = replace(SIZES[config.size], **overrides)
    if size.hidden_dim % size.num_heads:
        raise UserError(
            "model.hidden_dim must be a multiple of model.num_heads; received "
            f"{size.hidden_dim} and {size.num_heads}; change one of them"
        )
    return size


def check_positions(config: ModelConfig, positions: int) -> None:
    """Refuses rows that are longer than the positions of given weights.

    Raises:
      UserError: If `max_length` is more.
    """
    if config.max_length > positions:
        raise UserError(
            f"model.max_length must be at most {positions}, the positions of model.weights; "
            f"received {config.max_length}; lower it"
        )
