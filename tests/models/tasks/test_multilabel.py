import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from models.tasks import create_task
from models.tasks.base import RowError
from schemas import features as keys
from tests.models.conftest import SENTENCES
from tests.models.tasks.pooled import build, padded

LABELS = ["joy", "anger", "fear"]


@pytest.fixture
def task():
    return create_task({"name": "multilabel", "labels": LABELS})


@pytest.mark.parametrize(
    ("value", "labels", "vector"),
    [
        ("anger|joy", [b"joy", b"anger"], [1, 1, 0]),
        (" fear ", [b"fear"], [0, 0, 1]),
        ("", [], [0, 0, 0]),
        ("joy|", [b"joy"], [1, 0, 0]),
        (["fear", "joy"], [b"joy", b"fear"], [1, 0, 1]),
        ([], [], [0, 0, 0]),
        (["0", "1", "1"], [b"anger", b"fear"], [0, 1, 1]),
        (["1.0", "0.0", "0.0"], [b"joy"], [1, 0, 0]),
        (["false", "true", "false"], [b"anger"], [0, 1, 0]),
        ("0|0|0", [], [0, 0, 0]),
    ],
)
def test_row(task, value, labels, vector):
    features = task.encode_row({"text": "a", "label": value})
    assert (features[keys.LABEL], features[keys.LABEL_VECTOR]) == (labels, vector)


def test_labels_named_0_and_1_are_no_vector():
    task = create_task({"name": "multilabel", "labels": ["1", "0"]})
    assert task.encode_row({"text": "a", "label": ["0", "1"]})[keys.LABEL_VECTOR] == [1, 1]


def test_separator():
    task = create_task({"name": "multilabel", "labels": LABELS, "separator": ","})
    assert task.encode_row({"text": "a", "label": "joy, fear"})[keys.LABEL_VECTOR] == [1, 0, 1]


@pytest.mark.parametrize(
    ("value", "reason", "message"),
    [
        ("joy|envy", "unknown_label", "joy, anger, fear; received 'envy'"),
        ("joy,fear", "unknown_label", "received 'joy,fear'"),
        (["0", "1"], "unknown_label", "received '0'"),
        ("joy|joy", "repeated_label", r"received \['joy', 'joy'\]"),
        ({"joy": "true"}, "invalid_value", "must be a text or a list"),
    ],
)
def test_rejected_labels(task, value, reason, message):
    with pytest.raises(RowError, match=message) as caught:
        task.encode_row({"text": "a", "label": value})
    assert caught.value.reason == reason


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_threshold_is_a_probability_within_the_bounds(threshold):
    with pytest.raises(ValidationError, match=r"than [01]"):
        create_task({"name": "multilabel", "labels": LABELS, "threshold": threshold})


def test_target_is_a_vector_a_row(task):
    flat = {keys.LABEL_VECTOR: tf.constant([1, 0, 1, 0, 0, 0], tf.int64)}
    (target,) = task.targets(flat).values()
    assert target.numpy().tolist() == [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]


def test_answers(task):
    odds = np.array([[0.6, 0.9, 0.4], [0.1, 0.2, 0.3]])
    answers = task.decode(tf.constant(np.log(odds / (1 - odds))))
    assert answers[keys.CHOSEN].numpy().tolist() == [[b"anger", b"joy", b""], [b""] * 3]
    np.testing.assert_allclose(answers[keys.PROBABILITIES], odds, rtol=1e-6)
    assert answers[keys.LABELS].numpy().tolist() == [[b"joy", b"anger", b"fear"]] * 2


def test_answers_to_no_texts(task):
    assert {tuple(value.shape) for value in task.decode(tf.zeros([0, 3])).values()} == {(0, 3)}


def test_model_learns(task, tokenizer):
    model = build(task, dropout=0.0)
    model.compile(
        optimizer=keras.optimizers.Adam(0.003),
        loss=task.loss(),
        weighted_metrics=task.training_metrics(),
    )
    inputs = padded(task, tokenizer, SENTENCES)
    ids = np.arange(len(SENTENCES))
    target = np.stack([ids % 2, ids % 3 == 0, ids < 3], axis=1).astype("float32")
    rows = tf.data.Dataset.from_tensor_slices((inputs, target)).batch(16)
    model.fit(rows.repeat(200), shuffle=False, verbose=0)
    after = model.evaluate(rows, verbose=0, return_dict=True)
    # Better than any answer that does not depend on the text.
    assert after["loss"] < 0.9 * task.constant_loss({keys.LABEL_VECTOR: target})
    assert after[task.selection_metric] > 0.7


def test_constant_loss_is_the_mean_entropy(task):
    vectors = np.float32([[1, 0, 1], [1, 0, 0]])
    assert task.constant_loss({keys.LABEL_VECTOR: vectors}) == pytest.approx(0.6931 / 3, abs=1e-4)


def test_first_metric_decides(task):
    assert task.metrics()[0].name == task.selection_metric == "micro_f1"
    names = [metric.name for metric in task.metrics()]
    assert names == ["micro_f1", "macro_f1", "exact_match", "auc"]
