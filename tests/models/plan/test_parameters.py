import pytest

from models.config import ModelConfig
from models.plan.parameters import count_parameters
from models.plan.shape import model_shape
from models.tasks import create_task
from tests.models.plan.shapes import LABELS, SHAPES, build


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
    config = ModelConfig(weights=str(tmp_path), max_length=SHAPES["two groups"].max_positions)
    shape = model_shape(config, vocabulary_size=9, num_outputs=3)
    assert shape == SHAPES["two groups"]
