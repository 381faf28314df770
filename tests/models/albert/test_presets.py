import json

import keras_hub
import numpy as np
import pytest

from models.albert import AlbertBackbone
from tests.models.albert.tiny import inputs, keras_hubs, ours


def written_class(directory):
    return json.loads((directory / "config.json").read_text())["registered_name"]


def assert_same_weights(one, other):
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"hidden_act": "gelu_pytorch_tanh"},
        {"dropout": 0.1, "attention_dropout": 0.1},
        {"gradient_checkpointing": True},
    ],
)
def test_keras_hub_loads_what_it_can_compute(arguments, tmp_path):
    saved = ours(**arguments)
    saved.save_to_preset(str(tmp_path))
    assert written_class(tmp_path) == "keras_hub>AlbertBackbone"
    loaded = keras_hub.models.AlbertBackbone.from_preset(str(tmp_path))
    assert type(loaded) is keras_hub.models.AlbertBackbone
    assert_same_weights(loaded, saved)


@pytest.mark.parametrize(
    "arguments", [{"hidden_act": "gelu"}, {"dropout": 0.1, "attention_dropout": 0.2}]
)
def test_own_class_where_keras_hub_computes_something_else(arguments, tmp_path):
    saved = ours(**arguments)
    saved.save_to_preset(str(tmp_path))
    assert written_class(tmp_path) == "albert_tfx>AlbertBackbone"
    loaded = keras_hub.models.AlbertBackbone.from_preset(str(tmp_path))
    assert type(loaded) is AlbertBackbone
    assert {name: loaded.get_config()[name] for name in arguments} == arguments
    np.testing.assert_array_equal(
        loaded(inputs())["pooled_output"], saved(inputs())["pooled_output"]
    )


def test_preset_of_keras_hub(tmp_path):
    saved = keras_hubs(num_groups=2)
    saved.save_to_preset(str(tmp_path))
    loaded = AlbertBackbone.from_preset(str(tmp_path), dtype="mixed_bfloat16", dropout=0.1)
    assert type(loaded) is AlbertBackbone
    assert (loaded.compute_dtype, loaded.dropout) == ("bfloat16", 0.1)
    assert_same_weights(loaded, saved)


def test_preset_of_something_else(tmp_path):
    keras_hub.models.BertBackbone(
        vocabulary_size=20, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4
    ).save_to_preset(str(tmp_path))
    with pytest.raises(ValueError, match="received one of BertBackbone; give"):
        AlbertBackbone.from_preset(str(tmp_path))
