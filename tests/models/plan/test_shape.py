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
