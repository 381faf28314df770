"""Answers to texts are plain values, in order, from the version that was asked for."""

import json

import pytest
import tensorflow as tf

from schemas import features as keys
from schemas.errors import UserError
from serving.predict import predict
from serving.saved_model import InvalidRequestError
from serving.versions import publish
from tests.serving.tiny_models import LABELS


@pytest.fixture(scope="module")
def model_base(model_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("base") / "serving"
    publish(model_dir, folder, lambda staged, version: None)
    return folder


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_answers_keep_the_order_whatever_the_batch(model_base, batch_size):
    texts = (text for text in ["great", "bad bad", "", "a good day", "awful"])
    found = [
        answer[keys.PREDICTED_LABEL] for answer in predict(model_base, texts, batch_size=batch_size)
    ]
    assert found == ["positive", "negative", "negative", "positive", "negative"]


def test_an_answer_is_what_json_can_carry(model_base):
    (answer,) = predict(model_base, ["good"])
    assert json.loads(json.dumps(answer)) == answer
    assert answer[keys.LABELS] == list(LABELS)
    assert answer[keys.PROBABILITY] == answer[keys.PROBABILITIES][1]
    assert len(repr(answer[keys.PROBABILITY])) <= 11  # float32, not its 17 digits as a double


def test_texts_are_read_as_they_are_needed(model_base):
    def endless():
        while True:
            yield "good"

    assert next(predict(model_base, endless(), batch_size=4))[keys.PREDICTED_LABEL] == "positive"


def test_a_text_may_be_given_by_input_name(model_base):
    (answer,) = predict(model_base, [{keys.TEXT: "awful"}])
    assert answer[keys.PREDICTED_LABEL] == "negative"


@pytest.mark.parametrize("text", [{"text_a": "x", "text_b": "y"}, {}])
def test_a_text_of_another_form_names_the_inputs(model_base, text):
    with pytest.raises(UserError, match="the model takes the inputs text; received the keys"):
        list(predict(model_base, [text]))


def test_a_version_that_is_not_there_is_the_users_to_mend(model_base):
    with pytest.raises(UserError, match="holds the versions 1; received version 3"):
        list(predict(model_base, ["good"], version=3))


def test_an_output_that_is_not_one_value_a_text_is_named(tmp_path):
    class Counts(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, keys.TEXT)])
        def count(self, text):
            return {"size": tf.size(text)}

    module = Counts()
    tf.saved_model.save(module, str(tmp_path / "counts"), signatures=module.count)
    with pytest.raises(InvalidRequestError, match=r"size has the shape \(\) for 2 texts"):
        list(predict(tmp_path / "counts", ["a", "b"]))
