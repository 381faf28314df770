import json

import pytest

from models.config import ModelConfig
from models.plan.shape import model_shape
from schemas.errors import UserError


@pytest.mark.parametrize("content", [None, "no JSON", "{}", '{"config": {"num_layers": 2}}'])
def test_a_folder_that_is_no_preset_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=r"model\.weights must be the folder of a KerasHub"):
        model_shape(ModelConfig(weights=str(tmp_path)), vocabulary_size=9, num_outputs=2)


def test_an_unknown_size_is_refused():
    with pytest.raises(UserError, match=r"model\.size must be a known size"):
        model_shape(ModelConfig(size="albert-huge"), vocabulary_size=9, num_outputs=2)


def test_more_positions_than_the_weights_have_are_refused_before_they_are_read(tmp_path):
    config = {
        "vocabulary_size": 77,
        "num_layers": 4,
        "num_heads": 4,
        "embedding_dim": 16,
        "hidden_dim": 32,
        "intermediate_dim": 48,
        "max_sequence_length": 40,
    }
    (tmp_path / "config.json").write_text(json.dumps({"config": config}))
    given = {"vocabulary_size": 77, "num_outputs": 2}
    assert model_shape(ModelConfig(weights=str(tmp_path), max_length=40), **given)
    with pytest.raises(UserError, match=r"max_length must be at most 40, .* received 41; lower"):
        model_shape(ModelConfig(weights=str(tmp_path), max_length=41), **given)
