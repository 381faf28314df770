"""How many parameters a model has, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from models.plan.shape import ModelShape


@dataclass(frozen=True)
class Parameters:
    """Numbers of trained values.

    Attributes:
      embeddings: Token, position and segment tables with their LayerNorm, and the projection to
        the hidden width.
      layers: The shared layers of every group, once.
      pooler: The dense layer on the first token.
      head: The task's dense layer.
    """

    embeddings: int
    layers: int
    pooler: int
    head: int

    @property
    def backbone(self) -> int:
        """All but the head."""
        return self.embeddings + self.layers + self.pooler

    @property
    def total(self) -> int:
        """All."""
        return self.backbone + self.head


def count_parameters(shape: ModelShape) -> Parameters:
    """Counts the parameters of a model.

    >>> xxlarge = ModelShape(12, 64, 4096, 16384, 128, 512, 30_000, num_outputs=2)
    >>> count_parameters(xxlarge).backbone
    222595584
    """
    hidden, embedding = shape.hidden_dim, shape.embedding_dim
    tables = (shape.vocabulary_size + shape.max_positions + 2) * embedding
    return Parameters(
        embeddings=tables + 2 * embedding + _dense(embedding, hidden),
        layers=shape.num_groups * shape.inner_group_num * layer_parameters(shape),
        pooler=_dense(hidden, hidden),
        head=_dense(hidden, shape.num_outputs),
    )


def layer_parameters(shape: ModelShape) -> int:
    """Returns the parameters of one layer: four projections, two dense layers, two LayerNorms."""
    hidden, intermediate = shape.hidden_dim, shape.intermediate_dim
    return (
        4 * _dense(hidden, hidden)
        + _dense(hidden, intermediate)
        + _dense(intermediate, hidden)
        + 4 * hidden
    )


def _dense(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs
