"""A SavedModel answers as on a server, and what a server would refuse is refused."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from schemas import features as keys
from serving.saved_model import InvalidRequestError, LoadedModel, ModelLoadError
from tests.serving.tiny_models import LABELS, save_model


@pytest.fixture(scope="module")
def model(model_dir):
    with LoadedModel.load(model_dir) as loaded:
        yield loaded


def serialized(text):
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))
    return tf.train.Example(
        features=tf.train.Features(feature={keys.TEXT: feature})
    ).SerializeToString()


def test_a_model_tells_its_record_and_signatures(model):
    assert model.info.labels == LABELS
    assert model.signature_names == (keys.EXAMPLES_SIGNATURE, keys.SERVING_DEFAULT)
    assert model.inputs() == {keys.TEXT: tf.TensorSpec([None], tf.string, keys.TEXT)}
    assert model.outputs()[keys.PROBABILITIES].dtype == tf.float32


def test_texts_get_labels(model):
    answers = model.run({keys.TEXT: ["a great day", b"bad"]})
    assert answers[keys.PREDICTED_LABEL].tolist() == [b"positive", b"negative"]
    np.testing.assert_allclose(answers[keys.PROBABILITIES].sum(axis=1), 1.0, rtol=1e-6)


def test_both_signatures_agree(model):
    texts = [b"good", "très bad".encode(), b""]
    plain = model.run({keys.TEXT: texts})
    examples = model.run(
        {keys.SERIALIZED_EXAMPLES: [serialized(text) for text in texts]}, keys.EXAMPLES_SIGNATURE
    )
    assert plain.keys() == examples.keys()
    np.testing.assert_array_equal(plain[keys.PROBABILITIES], examples[keys.PROBABILITIES])


def test_an_empty_batch_has_empty_answers(model):
    assert model.run({keys.TEXT: []})[keys.PROBABILITIES].shape == (0, 2)


def test_serialized_bytes_that_end_in_nul_are_kept(model):
    example = serialized(b"good\0")
    padded = example + b"\x12\x00"  # an unknown, empty field of the proto, which ends in NUL
    run = model.run({keys.SERIALIZED_EXAMPLES: [padded]}, keys.EXAMPLES_SIGNATURE)
    assert run[keys.PROBABILITIES].shape == (1, 2)


@pytest.mark.parametrize(
    ("inputs", "signature", "problem"),
    [
        ({keys.TEXT: [1]}, keys.SERVING_DEFAULT, "input text must be string; received int64"),
        ({keys.TEXT: [1.5]}, keys.SERVING_DEFAULT, "input text must be string; received float64"),
        ({keys.TEXT: [None]}, keys.SERVING_DEFAULT, "input text must be string; received object"),
        ({keys.TEXT: ["a"], "x": ["b"]}, keys.SERVING_DEFAULT, "takes the inputs text; received"),
        ({}, keys.SERVING_DEFAULT, "takes the inputs text; received none"),
        ({keys.TEXT: ["a"]}, "nope", "has the signatures examples, serving_default; received"),
        ({keys.SERIALIZED_EXAMPLES: ["x"]}, keys.EXAMPLES_SIGNATURE, "examples failed"),
        ({keys.TEXT: "a scalar"}, keys.SERVING_DEFAULT, "serving_default failed"),
    ],
)
def test_a_request_that_a_server_refuses_is_refused(model, inputs, signature, problem):
    with pytest.raises(InvalidRequestError, match=problem):
        model.run(inputs, signature)


def test_a_model_with_an_xla_function_is_refused(tmp_path):
    folder = save_model(tmp_path / "jit", jit=True)
    with pytest.raises(ModelLoadError, match=r"jit_compile=True.*TensorFlow Serving disables XLA"):
        LoadedModel.load(folder)


def test_a_model_with_an_op_that_servers_lack_is_refused(tmp_path):
    import tensorflow_text as text

    class Trims(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def trim(self, texts):
            trimmed = text.RoundRobinTrimmer(3).trim([tf.strings.split(texts)])
            return {"words": trimmed[0].to_tensor()}

    module = Trims()
    tf.saved_model.save(module, str(tmp_path / "trims"), signatures=module.trim)
    with pytest.raises(ModelLoadError, match="TFText>RoundRobinTrim, which TensorFlow Serving"):
        LoadedModel.load(tmp_path / "trims")


def damage(folder, kind):
    if kind == "no graph":
        (folder / "saved_model.pb").unlink()
    elif kind == "no proto":
        (folder / "saved_model.pb").write_bytes(b"\xff\xff\xff")
    else:
        shutil.rmtree(folder / "variables")


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("no graph", "holds no readable saved_model.pb"),
        ("no proto", "holds no readable saved_model.pb"),
        ("no variables", "cannot be loaded"),
    ],
)
def test_a_damaged_model_is_refused(model_dir, tmp_path, kind, problem):
    folder = shutil.copytree(model_dir, tmp_path / "damaged")
    damage(folder, kind)
    with pytest.raises(ModelLoadError, match=problem):
        LoadedModel.load(folder)
