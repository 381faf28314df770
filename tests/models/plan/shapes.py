"""Small shapes of every kind, and the backbones that have them."""

from models.albert import AlbertBackbone
from models.plan.shape import ModelShape

LABELS = ["bad", "good", "mixed"]
SHAPES = {
    "one group": ModelShape(2, 2, 16, 32, 8, 20, 50, 3),
    "as wide as its embeddings": ModelShape(3, 4, 8, 24, 8, 16, 11, 3),
    "two groups": ModelShape(4, 2, 16, 32, 8, 20, 50, 3, num_groups=2),
    "two layers in a group": ModelShape(2, 2, 16, 48, 8, 20, 50, 3, inner_group_num=2),
}


def build(shape):
    return AlbertBackbone(
        vocabulary_size=shape.vocabulary_size,
        num_layers=shape.num_layers,
        num_heads=shape.num_heads,
        embedding_dim=shape.embedding_dim,
        hidden_dim=shape.hidden_dim,
        intermediate_dim=shape.intermediate_dim,
        num_groups=shape.num_groups,
        num_inner_repetitions=shape.inner_group_num,
        max_sequence_length=shape.max_positions,
    )
