import keras
import numpy as np
import pytest
from keras import ops

from models.albert.heads import MaskedLanguageModelHead, dense_head, take_tokens
from tests.models.albert.tiny import SIZES, inputs, ours


def masked_model(dtype="float32"):
    backbone = ours(dtype=dtype)
    head = MaskedLanguageModelHead(backbone.token_embedding, seed=1, dtype=dtype, name="mlm")
    positions = keras.Input((None,), dtype="int32", name="positions")
    sequence = backbone(backbone.input)["sequence_output"]
    return backbone, keras.Model(
        {**backbone.input, "positions": positions}, head(sequence, positions)
    )


def test_only_the_tokens_asked_for_are_computed():
    backbone, model = masked_model()
    positions = np.array([[0, 3], [4, 4], [1, 0]], "int32")
    hidden = backbone(inputs())["sequence_output"]
    every = model.get_layer("mlm")(hidden)
    assert every.shape == (3, 7, SIZES["vocabulary_size"])
    expected = np.stack(
        [row[at] for row, at in zip(ops.convert_to_numpy(every), positions, strict=True)]
    )
    chosen = model({**inputs(), "positions": positions})
    np.testing.assert_allclose(chosen, expected, rtol=1e-5, atol=1e-6)


def test_variables_have_the_names_of_the_weights_table():
    _, model = masked_model()
    own = [variable.path for variable in model.weights if variable.path.startswith("mlm/")]
    names = ("dense/kernel", "dense/bias", "layer_norm/gamma", "layer_norm/beta", "output_bias")
    assert sorted(own) == sorted(f"mlm/{name}" for name in names)


def test_word_embeddings_are_shared_with_the_backbone():
    backbone, model = masked_model()
    batch = {**inputs(), "positions": np.zeros((3, 1), "int32")}
    before = ops.convert_to_numpy(model(batch))
    embeddings = [variable for variable in model.weights if variable.path.endswith("/embeddings")]
    assert sum(variable is backbone.token_embedding.embeddings for variable in embeddings) == 1
    unseen = next(i for i in range(SIZES["vocabulary_size"]) if i not in inputs()["token_ids"])
    change = np.zeros((SIZES["vocabulary_size"], SIZES["embedding_dim"]), "float32")
    change[unseen, 0] = 1.0
    backbone.token_embedding.embeddings.assign_add(change)
    after = ops.convert_to_numpy(model(batch))
    changed = np.abs(after - before).max(axis=(0, 1)) > 1e-6
    assert np.flatnonzero(changed).tolist() == [unseen]


def test_logits_of_16_bits_are_float32():
    _, model = masked_model("bfloat16")
    logits = model({**inputs(), "positions": np.zeros((3, 2), "int32")})
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"


def test_take_tokens():
    sequence = np.arange(12, dtype="float32").reshape(2, 3, 2)
    taken = take_tokens(sequence, np.array([[2, 0], [1, 1]]))
    assert ops.convert_to_numpy(taken).tolist() == [[[4, 5], [0, 1]], [[8, 9], [8, 9]]]


@pytest.mark.parametrize("shape", [(16,), (7, 16)])
def test_dense_head_is_of_float32_and_drops_in_training_only(shape):
    given = keras.Input(shape, dtype="float32")
    model = keras.Model(given, dense_head(given, 3, dropout=0.5, seed=1))
    features = np.ones((2, *shape), "float32")
    plain = ops.convert_to_numpy(model(features))
    assert plain.shape == (2, *shape[:-1], 3)
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(plain, features @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert not np.allclose(ops.convert_to_numpy(model(features, training=True)), plain)
