import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from models.tasks import create_task
from models.tasks.base import RowError
from schemas import features as keys
from schemas.errors import UserError
from tests.models.conftest import SENTENCES
from tests.models.tasks.pooled import build, padded


def regression(**options):
    return create_task({"name": "regression", **options})


def test_row_of_a_pair():
    row = {"text": "A plane.", "text_pair": "An  airplane.", "score": " 5.00", "genre": "news"}
    assert regression(pair=True).encode_row(row) == {
        keys.TEXT: b"A plane.",
        keys.TEXT_PAIR: b"An  airplane.",
        keys.SCORE: 5.0,
        keys.LENGTH_BUCKET: b"1-8",
        "genre": b"news",
    }


@pytest.mark.parametrize(
    ("score", "reason", "message"),
    [
        ("", "invalid_score", "must be a number; received ''"),
        ("four", "invalid_score", "received 'four'"),
        ("nan", "invalid_score", "received 'nan'"),
        ("1e999", "invalid_score", "received '1e999'"),
        ("5.01", "score_range", "at least 0 and at most 5; received 5.01"),
        ("-1", "score_range", "received -1"),
    ],
)
def test_rejected_scores(score, reason, message):
    with pytest.raises(RowError, match=message) as caught:
        regression(lowest=0, highest=5).encode_row({"text": "a", "score": score})
    assert caught.value.reason == reason


def test_any_number_is_a_score_where_no_scale_is_given():
    assert regression().encode_row({"text": "a", "score": "-1e6"})[keys.SCORE] == -1e6


def test_scale_is_in_order():
    with pytest.raises(ValidationError, match="lowest must be less than highest; received 5 and 5"):
        regression(lowest=5, highest=5)


def test_score_may_not_be_a_made_feature_of_another_column():
    with pytest.raises(UserError, match=r"received \['length_bucket'\]"):
        regression().encode_row({"text": "a", "score": "1", "length_bucket": "x"})


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_one_float32_score_a_row(tokenizer, dtype):
    task = regression()
    answers = task.decode(build(task, dtype=dtype)(padded(task, tokenizer, SENTENCES)))
    assert {name: (value.shape, value.dtype) for name, value in answers.items()} == {
        keys.SCORE: ((len(SENTENCES),), tf.float32)
    }


def test_model_learns(tokenizer):
    task = regression()
    model = build(task, dropout=0.0)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=task.loss(),
        weighted_metrics=task.training_metrics(),
    )
    inputs = padded(task, tokenizer, SENTENCES)
    scores = np.linspace(0, 3, len(SENTENCES)).astype("float32")
    rows = tf.data.Dataset.from_tensor_slices((inputs, scores)).batch(16)
    model.fit(rows.repeat(60), shuffle=False, verbose=0)
    after = model.evaluate(rows, verbose=0, return_dict=True)
    assert after[task.selection_metric] > 0.98
    assert after["loss"] < task.constant_loss({keys.SCORE: scores}) / 10


def test_constant_loss_is_the_variance():
    assert regression().constant_loss({keys.SCORE: np.float32([0, 2, 4, 2])}) == 2.0


def test_first_metric_decides():
    task = regression()
    assert task.metrics()[0].name == task.selection_metric == "pearson"
    assert [metric.name for metric in task.metrics() if not metric.higher_is_better] == ["mse"]
