from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from models.training.metrics import F1, MacroF1, MatthewsCorrelation, MicroF1, PearsonCorrelation


def in_batches(metric, labels, predictions, weights=None, parts=4):
    """Returns the metric of rows that come in batches of unlike sizes."""
    weights = np.ones(len(labels)) if weights is None else weights
    for rows in np.array_split(np.arange(len(labels)), parts):
        metric.update_state(labels[rows], predictions[rows], weights[rows])
    return float(metric.result())


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def classified(rng):
    labels = rng.integers(3, size=50)
    return labels, (rng.normal(size=(50, 3)) + np.eye(3)[labels]).astype("float32")


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (MatthewsCorrelation, sklearn_metrics.matthews_corrcoef),
        (MacroF1, lambda *rows: sklearn_metrics.f1_score(*rows, average="macro")),
        (
            partial(F1, class_id=2),
            lambda labels, predicted: sklearn_metrics.f1_score(labels == 2, predicted == 2),
        ),
    ],
)
def test_values_equal_those_of_scikit_learn(metric, expected, classified):
    labels, logits = classified
    value = in_batches(metric(3, name="m"), labels, logits)
    assert value == pytest.approx(expected(labels, logits.argmax(axis=1)), abs=1e-6)


def test_rows_of_weight_0_do_not_count(classified):
    labels, logits = classified
    half = np.arange(len(labels)) < 25
    weighted = in_batches(MatthewsCorrelation(3, name="m"), labels, logits, half.astype("float32"))
    alone = in_batches(MatthewsCorrelation(3, name="m"), labels[half], logits[half])
    assert weighted == pytest.approx(alone)


def test_constant_predictions_do_not_correlate():
    metric = MatthewsCorrelation(2, name="m")
    assert in_batches(metric, np.array([0, 1]), np.float32([[1, 0], [1, 0]]), parts=1) == 0.0


def test_labels_that_do_not_occur_are_left_out():
    metric = MacroF1(3, name="m")
    assert in_batches(metric, np.array([0, 1]), np.eye(3, dtype="float32")[:2], parts=1) == 1.0


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_micro_f1_equals_that_of_scikit_learn(rng, threshold):
    labels = rng.integers(2, size=(40, 3)).astype("float32")
    logits = rng.normal(size=(40, 3)).astype("float32") + labels
    chosen = 1 / (1 + np.exp(-logits)) >= threshold
    expected = sklearn_metrics.f1_score(labels, chosen, average="micro")
    assert in_batches(MicroF1(threshold), labels, logits) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_pearson_equals_that_of_scipy(rng, offset):
    scores = (rng.normal(size=60) + offset).astype("float32")
    predictions = (scores + rng.normal(size=60)).astype("float32")[:, np.newaxis]
    expected = stats.pearsonr(scores.astype(float), predictions[:, 0].astype(float))[0]
    assert in_batches(PearsonCorrelation(), scores, predictions) == pytest.approx(
        expected, abs=1e-5
    )


def test_pearson_of_a_constant_is_0():
    assert in_batches(PearsonCorrelation(), np.float32([1, 2]), np.float32([3, 3]), parts=1) == 0.0
