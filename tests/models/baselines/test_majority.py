import numpy as np
import pytest
import tensorflow as tf

from models.baselines.majority import fit
from models.config import BaselinesConfig
from models.tasks import create_task
from schemas import features as keys
from schemas.errors import UserError

TASK = create_task({"name": "classification", "labels": ["bad", "good", "mixed"]})


def fitted(*batches):
    rows = (
        {keys.TEXT: tf.constant(["x"] * len(ids)), keys.LABEL_ID: tf.constant(ids, tf.int64)}
        for ids in batches
    )
    return fit(rows, TASK, BaselinesConfig())


def test_every_answer_is_the_distribution_of_the_labels():
    answers = fitted([1, 0], [1, 2])({keys.TEXT: tf.constant(["a", "b"])})
    np.testing.assert_allclose(answers[keys.PROBABILITIES], [[0.25, 0.5, 0.25]] * 2, rtol=1e-6)
    assert answers[keys.PREDICTED_LABEL].numpy().tolist() == [b"good", b"good"]


def test_a_label_without_rows_has_no_probability():
    answers = fitted([2, 2, 0, 0])({keys.TEXT: tf.constant(["a"])})
    np.testing.assert_allclose(answers[keys.PROBABILITIES], [[0.5, 0.0, 0.5]])


def test_empty_batch_gets_an_empty_answer():
    answers = fitted([0])({keys.TEXT: tf.constant([], tf.string)})
    assert answers[keys.PROBABILITIES].shape == [0, 3]


def test_no_rows_are_refused():
    with pytest.raises(UserError, match="the training split has none"):
        fitted()
