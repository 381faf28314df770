import json

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers the ops of the tokenizer

from models.export import write_reference
from schemas import features as keys
from schemas.model_info import ModelInfo, read_model_info
from serving.served_graph import graph_problems
from tests.models.tiny_training import MODEL, TASK, build, export

TEXTS = ["A fine  film.", "dull", "", "Ünbelievably “long” \N{SNOWMAN}", "funny " * 90]
INFO = ModelInfo(
    name="albert",
    task="classification",
    labels=TASK["labels"],
    max_length=24,
    code_version="c0de",
    data={"train": "f00d"},
)


@pytest.fixture(scope="module")
def candidate(vocabulary):
    return build(vocabulary)


@pytest.fixture(scope="module")
def model_dir(candidate, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "Format-Serving"
    export(candidate, folder, INFO)
    return folder


@pytest.fixture(scope="module")
def signatures(model_dir):
    loaded = tf.saved_model.load(str(model_dir))
    yield loaded.signatures
    del loaded


def serialized(texts):
    examples = []
    for text in texts:
        example = tf.train.Example()
        example.features.feature[keys.TEXT].bytes_list.value.append(text.encode())
        example.features.feature["unknown"].int64_list.value.append(1)
        examples.append(example.SerializeToString())
    return tf.constant(examples, tf.string)


def answers(signatures, texts):
    return signatures[keys.SERVING_DEFAULT](text=tf.constant(texts, tf.string))


def test_raw_text_gets_decoded_answers(signatures):
    answered = answers(signatures, TEXTS)
    shapes = {name: (value.dtype, value.shape.as_list()) for name, value in answered.items()}
    assert shapes == {
        keys.PREDICTED_LABEL: (tf.string, [5]),
        keys.PROBABILITY: (tf.float32, [5]),
        keys.PROBABILITIES: (tf.float32, [5, 3]),
        keys.LABELS: (tf.string, [5, 3]),
    }
    np.testing.assert_allclose(np.sum(answered[keys.PROBABILITIES], axis=1), 1.0, rtol=1e-6)


def test_both_signatures_answer_alike(signatures):
    by_text = answers(signatures, TEXTS)
    by_example = signatures[keys.EXAMPLES_SIGNATURE](examples=serialized(TEXTS))
    for name, value in by_text.items():
        np.testing.assert_array_equal(value, by_example[name])


def test_answers_are_those_of_the_model_in_memory(candidate, signatures):
    expected = candidate.predict_function()({keys.TEXT: tf.constant(TEXTS)})
    np.testing.assert_allclose(
        answers(signatures, TEXTS)[keys.PROBABILITIES], expected[keys.PROBABILITIES], atol=1e-6
    )


def test_answer_does_not_depend_on_the_rest_of_the_batch(signatures):
    together = answers(signatures, TEXTS)[keys.PROBABILITIES].numpy()
    alone = [answers(signatures, [text])[keys.PROBABILITIES].numpy()[0] for text in TEXTS]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_empty_batch_gets_an_empty_answer(signatures):
    shapes = {name: value.shape.as_list() for name, value in answers(signatures, []).items()}
    assert shapes == {
        keys.PREDICTED_LABEL: [0],
        keys.PROBABILITY: [0],
        keys.PROBABILITIES: [0, 3],
        keys.LABELS: [0, 3],
    }


def test_signatures_name_their_inputs_and_outputs(signatures):
    for name, feature in {
        keys.SERVING_DEFAULT: keys.TEXT,
        keys.EXAMPLES_SIGNATURE: keys.SERIALIZED_EXAMPLES,
    }.items():
        _, inputs = signatures[name].structured_input_signature
        assert {key: (spec.dtype, spec.shape.rank) for key, spec in inputs.items()} == {
            feature: (tf.string, 1)
        }


def test_a_v1_session_answers_alike_as_in_tensorflow_serving(model_dir, signatures):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(model_dir))
        signature = meta_graph.signature_def[keys.SERVING_DEFAULT]
        fetched = session.run(
            {name: info.name for name, info in signature.outputs.items()},
            {signature.inputs[keys.TEXT].name: TEXTS},
        )
    for name, value in answers(signatures, TEXTS).items():
        if value.dtype == tf.string:
            np.testing.assert_array_equal(fetched[name], value)
        else:
            np.testing.assert_allclose(fetched[name], value, atol=1e-6)


def test_stock_tensorflow_serving_has_every_op_and_nothing_needs_xla(model_dir):
    assert graph_problems(model_dir) == []


def test_model_of_16_bits_is_served_in_float32(vocabulary, tmp_path):
    trained = build(vocabulary, precision="mixed_bfloat16")
    served = trained.in_float32()
    assert served.precision == "float32"
    for weights, expected in zip(
        served.model.get_weights(), trained.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weights, expected)
    rows = served.predict_function()({keys.TEXT: tf.constant(TEXTS)})
    assert rows[keys.PROBABILITIES].dtype == tf.float32


def test_model_can_be_served_in_bfloat16(vocabulary, tmp_path, signatures):
    narrow = MODEL.model_copy(update={"serving_precision": "bfloat16"})
    export(build(vocabulary, model=narrow), tmp_path, INFO)
    assert graph_problems(tmp_path) == []
    loaded = tf.saved_model.load(str(tmp_path))
    found = answers(loaded.signatures, TEXTS)[keys.PROBABILITIES].numpy()
    expected = answers(signatures, TEXTS)[keys.PROBABILITIES].numpy()
    assert 0.0 < np.abs(found - expected).max() < 1e-2


def test_saved_model_says_what_it_is(model_dir):
    assert read_model_info(model_dir) == INFO


def test_reference_holds_the_answers_by_row(tmp_path):
    outputs = {keys.PROBABILITIES: tf.constant([[0.25, 0.75], [1.0, 0.0]])}
    write_reference(str(tmp_path), [b"a.tsv:2", "ü.tsv:3".encode()], outputs)
    content = (tmp_path / "assets.extra" / keys.REFERENCE_FILE).read_text("utf-8")
    assert json.loads(content) == [
        {"row_id": "a.tsv:2", "outputs": {"probabilities": [0.25, 0.75]}},
        {"row_id": "ü.tsv:3", "outputs": {"probabilities": [1.0, 0.0]}},
    ]
