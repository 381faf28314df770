import pytest

from models.albert import AlbertBackbone
from models.config import ModelConfig
from models.plan.parameters import count_parameters
from models.plan.shape import ModelShape, model_shape
from models.tasks import create_task

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


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_counts_are_those_of_a_built_model(shape):
    backbone = build(shape)
    task = create_task({"name": "classification", "labels": LABELS})
    model = task.build_model(backbone, dropout=0.1, seed=0)
    assert count_parameters(shape).backbone == backbone.count_params()
    assert count_parameters(shape).total == model.count_params()


def test_overrides_of_a_named_size_count():
    config = ModelConfig(size="albert-tiny", hidden_dim=64, num_layers=3, embedding_dim=24)
    shape = model_shape(config, vocabulary_size=70, num_outputs=3)
    assert count_parameters(shape).backbone == build(shape).count_params()


def test_a_preset_says_what_it_is_without_its_weights(tmp_path):
    backbone = build(SHAPES["two groups"])
    backbone.save_to_preset(str(tmp_path))
    (tmp_path / "model.weights.h5").unlink()
    config = ModelConfig(weights=str(tmp_path))
    shape = model_shape(config, vocabulary_size=9, num_outputs=3)
    assert shape == SHAPES["two groups"]
