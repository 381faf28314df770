import keras
import numpy as np
import pytest
import tensorflow as tf

from models.backbone import create_backbone
from models.config import ModelConfig
from models.multiple_choice.packing import pad_options
from models.tasks import create_task
from schemas import features as keys

BACKBONE = ModelConfig(
    size="albert-tiny",
    num_layers=2,
    num_heads=2,
    hidden_dim=16,
    intermediate_dim=16,
    embedding_dim=8,
)


@pytest.fixture
def task():
    return create_task({"name": "multiple_choice", "max_qa_length": 16})


@pytest.fixture
def model(task, tokenizer):
    backbone = create_backbone(BACKBONE, tokenizer.vocabulary_size, seed=1)
    return task.build_model(backbone, dropout=0.1, seed=1)


def request(*rows):
    passages, questions, options = zip(*rows, strict=True)
    return {
        keys.PASSAGE: tf.constant(passages),
        keys.QUESTION: tf.constant(questions),
        keys.OPTIONS: tf.ragged.constant(options, dtype=tf.string, ragged_rank=1),
    }


FIRST = ("The film was long and dull.", "What was it ?", ["dull", "funny"])
SECOND = ("A fine film!", "It was _ .", ["fine", "long", "never a minute too long"])


def test_requests_carry_a_list(task):
    shapes = {name: spec.shape.rank for name, spec in task.serving_inputs().items()}
    assert shapes == {"passage": 1, "question": 1, "options": 2}


def test_answers(task, model, tokenizer):
    answers = task.answer(request(FIRST, SECOND), model, tokenizer, 32)
    probabilities = answers[keys.PROBABILITIES].numpy()
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert probabilities[0, 2] == 0
    index = answers[keys.INDEX].numpy()
    assert index.tolist() == probabilities.argmax(axis=1).tolist()
    chosen = [row[2][one].encode() for row, one in zip((FIRST, SECOND), index, strict=True)]
    assert answers[keys.OPTION].numpy().tolist() == chosen


def test_a_question_has_the_same_answer_alone(task, model, tokenizer):
    together = task.answer(request(FIRST, SECOND), model, tokenizer, 32)
    alone = task.answer(request(FIRST), model, tokenizer, 32)
    np.testing.assert_allclose(
        together[keys.PROBABILITIES][0, :2], alone[keys.PROBABILITIES][0], rtol=1e-4
    )


@pytest.mark.parametrize("options", [[], ["", ""]])
def test_a_row_without_options_is_answered_with_none(options, task, model, tokenizer):
    answers = task.answer(request((*FIRST[:2], options), SECOND), model, tokenizer, 32)
    assert answers[keys.PROBABILITIES].numpy()[0].tolist() == [1, 0, 0]
    assert answers[keys.OPTION].numpy()[0] == b""


def test_batch_of_transformed_rows(task, model, tokenizer):
    rows = task.preprocess(request(FIRST, SECOND), tokenizer, 32)
    transformed = {
        **{name: tf.cast(value, tf.int64) for name, value in rows.items()},
        keys.LABEL_ID: tf.constant([1, 2], tf.int64),
        keys.ROW_ID: tf.constant(["a:1", "a:2"]),
    }
    inputs, target = task.batch(transformed, seed=tf.constant([0, 0], tf.int64))
    assert target.numpy().tolist() == [1, 2]
    logits = model(inputs)
    assert logits.shape == (2, 3)
    expected = -np.log(tf.nn.softmax(logits).numpy()[[0, 1], [1, 2]]).mean()
    np.testing.assert_allclose(task.loss()(target, logits), expected, rtol=1e-5)
    reference = task.reference(inputs, logits)
    answers = task.answer(request(FIRST, SECOND), model, tokenizer, 32)
    np.testing.assert_allclose(
        reference[keys.PROBABILITIES], answers[keys.PROBABILITIES], rtol=1e-5
    )


def test_loss_of_one_answer_for_all(task):
    loss = task.constant_loss({keys.LABEL_ID: np.array([0, 1, 3, 3])})
    assert loss == pytest.approx(1.5 * np.log(2))


def test_learns_which_option_is_right(task, model, tokenizer):
    rows = request(FIRST, SECOND)
    inputs = pad_options(task.preprocess(rows, tokenizer, 32))
    target = tf.constant([1, 2])
    model.compile(keras.optimizers.Adam(3e-3), task.loss(), metrics=task.training_metrics())
    history = model.fit(inputs, target, epochs=40, verbose=0).history
    assert history["loss"][0] > 0.8
    assert history["loss"][-1] < 0.3
    assert history["accuracy"][-1] == 1
