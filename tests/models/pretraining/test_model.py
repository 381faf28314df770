import math

import keras
import numpy as np
import pytest

from models.pretraining.model import KnownTargetsAccuracy, known_targets_loss

LOGITS = np.log([[[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], [[0.3, 0.4, 0.3], [0.2, 0.2, 0.6]]])
TARGETS = np.array([[0, 1], [1, -1]])


def test_loss_is_the_mean_over_the_targets_that_are_there():
    expected = -(math.log(0.7) + math.log(0.1) + math.log(0.4)) / 3
    assert float(known_targets_loss()(TARGETS, LOGITS)) == pytest.approx(expected, rel=1e-5)


def test_loss_without_targets_is_zero():
    assert float(known_targets_loss()(np.full((2, 2), -1), LOGITS)) == 0.0


@pytest.mark.parametrize(
    ("weights", "expected"), [(None, 2 / 3), ([1.0, 0.0], 0.5), ([0.0, 1.0], 1.0), ([0.0, 0.0], 0)]
)
def test_accuracy_counts_the_targets_that_are_there(weights, expected):
    metric = KnownTargetsAccuracy()
    metric.update_state(
        TARGETS, LOGITS, None if weights is None else keras.ops.convert_to_tensor(weights)
    )
    assert float(metric.result()) == pytest.approx(expected)


def test_accuracy_of_one_target_a_row():
    metric = KnownTargetsAccuracy()
    metric.update_state(np.array([0, -1]), LOGITS[:, 0])
    assert float(metric.result()) == 1.0
