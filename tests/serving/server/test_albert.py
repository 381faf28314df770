"""A model of the project, raw text in, answers alike in process and by every wire."""

import numpy as np
import pytest
import tensorflow as tf

from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from schemas import features as keys
from schemas.model_info import ModelInfo
from serving.client import BatchLimits, Client
from tests.models import tiny_training
from tests.serving.server.running import predict_request, serving

TEXTS = [
    "the film was fine and funny",
    "",
    "Dull, long & CHARMLESS: café über 東京",
    "people saw it and saw it " * 20,
    "warm\tfunny\n‘fine’\x00",
]
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def candidate():
    rows = [text for text, _ in tiny_training.texts(200)]
    return tiny_training.build(train_vocabulary([*rows, *TEXTS], VocabularyConfig(size=120)))


@pytest.fixture(scope="module")
def expected(candidate):
    """The answers of the model in memory, one text at a time."""
    predict = candidate.predict_function()
    answers = [predict({keys.TEXT: tf.constant([text])}) for text in TEXTS]
    return [{name: output.numpy()[0] for name, output in answer.items()} for answer in answers]


@pytest.fixture(scope="module", params=[(), ("--enable_batching",)], ids=["alone", "batched"])
def albert(request, candidate, tmp_path_factory):
    base = tmp_path_factory.mktemp("albert")
    info = ModelInfo(
        name="m", task="classification", labels=("bad", "good", "mixed"), max_length=24
    )
    tiny_training.export(candidate, base / "1", info)
    with serving(f"--model_base_path={base}", "--model_name=m", *request.param) as running:
        yield running


@pytest.mark.parametrize("size", [1, len(TEXTS)])
@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_raw_texts_get_the_answers_of_the_model_in_memory(albert, expected, scheme, size):
    port = albert.port if scheme == "grpc" else albert.rest_port
    limits = BatchLimits(size=size)
    with Client(f"{scheme}://localhost:{port}", "m", limits=limits, timeout=60) as client:
        answers = client.predict(TEXTS)
    for answer, wanted in zip(answers, expected, strict=True):
        assert answer.label == wanted[keys.PREDICTED_LABEL].decode()
        np.testing.assert_allclose(
            answer.probabilities, wanted[keys.PROBABILITIES], atol=TOLERANCE, rtol=0
        )


BROKEN = b"fine \xff\xfe film \xc3"


def test_text_that_is_no_utf8_gets_the_same_answer_by_both_wires(albert):
    request = predict_request([BROKEN], name="m", dtype=tf.string, key=keys.TEXT)
    tensor = albert.prediction.Predict(request).outputs[keys.PROBABILITIES]
    body = b'{"instances": ["%s"]}' % BROKEN
    status, answer = albert.ask("/v1/models/m:predict", body)
    assert status == 200
    np.testing.assert_allclose(
        answer["predictions"][0][keys.PROBABILITIES], tensor.float_val, atol=TOLERANCE, rtol=0
    )
    assert sum(tensor.float_val) == pytest.approx(1.0, abs=TOLERANCE)
