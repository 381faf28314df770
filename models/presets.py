"""The sizes of the ALBERT family by name."""

from dataclasses import dataclass


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
    "albert-tiny": BackboneSize(4, 4, 128, 512, embedding_dim=64, initializer_range=0.088),
    "albert-small": BackboneSize(6, 6, 384, 1536, initializer_range=0.051),
    **{
        f"albert-{name}-{version}": size
        for name, size in _PAPER_SIZES.items()
        for version in ("v1", "v2")
    },
}
"""albert-tiny and albert-small are ours, for training from scratch: their weights start with a
spread of 1 / sqrt(hidden_dim), with which narrow models learn sooner. The rest are the published.
"""
