import dataclasses

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from models.backbone import create_backbone
from models.config import ModelConfig
from models.presets import SIZES, backbone_size
from models.tokenizer import AlbertTokenizer
from schemas.errors import UserError

TINY = {
    "size": "albert-tiny",
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "embedding_dim": 8,
}


def tiny(**overrides):
    return ModelConfig(**(TINY | overrides))


@pytest.fixture
def inputs():
    return {
        "token_ids": np.array([[2, 5, 6, 3], [2, 3, 0, 0]], "int32"),
        "segment_ids": np.zeros((2, 4), "int32"),
        "padding_mask": np.array([[1, 1, 1, 1], [1, 1, 0, 0]], "int32"),
    }


def same_weights(first, second):
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def test_output_shapes(inputs):
    outputs = create_backbone(tiny(), 20)(inputs)
    assert outputs["sequence_output"].shape == (2, 4, 16)
    assert outputs["pooled_output"].shape == (2, 16)


def test_padding_changes_nothing(inputs):
    backbone = create_backbone(tiny(), 20)
    alone = {name: value[1:, :2] for name, value in inputs.items()}
    np.testing.assert_allclose(
        backbone(inputs)["pooled_output"][1:], backbone(alone)["pooled_output"], atol=1e-6
    )


@pytest.mark.parametrize("name", SIZES)
def test_named_sizes(name):
    assert backbone_size(ModelConfig(size=name)) == SIZES[name]


def test_overrides():
    size = backbone_size(tiny())
    assert dataclasses.asdict(size) == {
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 16,
        "intermediate_dim": 32,
        "embedding_dim": 8,
        "max_positions": 512,
        "initializer_range": 0.02,
    }


def test_published_base_size_has_the_published_number_of_parameters():
    """11.7 million: table 1 of the paper says 12M, without the pooler 11.1."""
    assert create_backbone(ModelConfig(), 30_000).count_params() == 11_683_584


def test_same_seed_same_weights():
    assert same_weights(create_backbone(tiny(), 20, seed=1), create_backbone(tiny(), 20, seed=1))


def test_other_seed_other_weights():
    first, second = create_backbone(tiny(), 20, seed=1), create_backbone(tiny(), 20, seed=2)
    assert not same_weights(first, second)


def test_tokenizers_made_before_go_on_working(vocabulary):
    tokenizer = AlbertTokenizer(vocabulary)
    before = tokenizer(tf.constant(["a film"])).to_list()
    create_backbone(tiny(), 20, seed=1)
    assert tokenizer(tf.constant(["a film"])).to_list() == before


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16")]
)
def test_precision(dtype, expected, inputs):
    backbone = create_backbone(tiny(), 20, dtype=dtype)
    assert backbone(inputs)["pooled_output"].dtype == expected
    assert {variable.dtype for variable in backbone.weights} == {"float32"}


def test_dropout_is_used(inputs):
    backbone = create_backbone(tiny(dropout=0.5), 20)
    trained, served = backbone(inputs, training=True), backbone(inputs, training=False)
    assert not np.allclose(trained["pooled_output"], served["pooled_output"])


def test_unknown_size_names_near_ones():
    with pytest.raises(UserError, match=r"received 'albert-bas-v2'; near it: albert-base-v2"):
        create_backbone(ModelConfig(size="albert-bas-v2"), 20)


def test_heads_that_do_not_divide_the_width():
    with pytest.raises(UserError, match=r"received 16 and 3; change one"):
        create_backbone(tiny(num_heads=3), 20)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("preset"))
    backbone = create_backbone(tiny(), 20, seed=3)
    backbone.save_to_preset(directory)
    return directory, backbone


def test_weights_of_a_preset(preset):
    directory, saved = preset
    loaded = create_backbone(ModelConfig(weights=directory), 20)
    assert isinstance(loaded, keras_hub.models.AlbertBackbone)
    assert same_weights(loaded, saved)


def test_token_embeddings_alone_can_be_taken(preset):
    directory, given = preset
    config = ModelConfig(weights=directory, reuse="token_embeddings", initializer_range=0.05)
    taken = create_backbone(config, 20, seed=4)
    embeddings, scaled = (np.array(b.token_embedding.embeddings) for b in (given, taken))
    assert scaled.std() == pytest.approx(0.05, rel=1e-4)
    np.testing.assert_allclose(scaled / embeddings, 0.05 / embeddings.std(), rtol=1e-5)
    assert np.array(taken.pooled_dense.kernel).std() == pytest.approx(0.05, rel=0.2)
    kernels = [
        (one.numpy(), other.numpy())
        for one, other in zip(given.weights, taken.weights, strict=True)
        if one.path.endswith("kernel")
    ]
    assert kernels
    assert not any(np.array_equal(*pair) for pair in kernels)
    assert same_weights(taken, create_backbone(config, 20, seed=4))
    assert not same_weights(taken, create_backbone(config, 20, seed=5))


def test_weights_in_another_precision(preset, inputs):
    loaded = create_backbone(ModelConfig(weights=preset[0]), 20, dtype="mixed_bfloat16")
    assert loaded(inputs)["pooled_output"].dtype == "bfloat16"
    assert same_weights(loaded, preset[1])


def test_weights_for_another_vocabulary(preset):
    with pytest.raises(UserError, match=r"with 20 pieces; received one with 21; set"):
        create_backbone(ModelConfig(weights=preset[0]), 21)


def test_weights_for_shorter_text(tmp_path):
    short = keras_hub.models.AlbertBackbone(
        vocabulary_size=20,
        num_layers=1,
        num_heads=1,
        embedding_dim=4,
        hidden_dim=4,
        intermediate_dim=4,
        max_sequence_length=16,
    )
    short.save_to_preset(str(tmp_path))
    with pytest.raises(UserError, match=r"at most 16, .* received 128; lower it"):
        create_backbone(ModelConfig(weights=str(tmp_path)), 20)


@pytest.mark.parametrize("content", [None, "{}"])
def test_folder_that_is_no_preset(content, tmp_path):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match="must be the folder of a KerasHub ALBERT preset; received"):
        create_backbone(ModelConfig(weights=str(tmp_path)), 20)


def test_preset_of_another_architecture(tmp_path):
    bert = keras_hub.models.BertBackbone(
        vocabulary_size=20, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4
    )
    bert.save_to_preset(str(tmp_path))
    with pytest.raises(UserError, match="must be the folder of a KerasHub ALBERT preset; received"):
        create_backbone(ModelConfig(weights=str(tmp_path)), 20)


def test_default_precision_is_the_global_one():
    assert create_backbone(tiny(), 20).dtype_policy.name == keras.config.dtype_policy().name


def test_random_weights_have_the_configured_spread() -> None:
    config = ModelConfig(size="albert-tiny", num_layers=1)
    wide = create_backbone(config.model_copy(update={"initializer_range": 0.088}), 200)
    paper = create_backbone(config, 200)
    for one, other in zip(wide.trainable_variables, paper.trainable_variables, strict=True):
        factor = 0.088 / 0.02 if one.path.endswith(("kernel", "embeddings")) else 1.0
        np.testing.assert_allclose(one.numpy(), factor * other.numpy(), rtol=1e-5)
