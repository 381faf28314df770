import math

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from models.metrics.multilabel import (
    LabelCounts,
    MultiLabelExactMatch,
    MultiLabelMacroAUC,
    MultiLabelMacroF1,
    MultiLabelMicroF1,
    exact_match,
    macro_auc,
    macro_f1,
    micro_f1,
)


def count(labels, probabilities, threshold=0.5):
    counts = LabelCounts(threshold)
    for label, row in zip(labels, probabilities, strict=True):
        counts.add(np.asarray(label), np.asarray(row, "float32"))
    return counts


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=(60, 4))
    return labels, (labels * 0.3 + rng.uniform(size=(60, 4)) * 0.7).astype("float32")


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_values_equal_those_of_scikit_learn(answers, threshold):
    labels, probabilities = answers
    chosen = probabilities >= threshold
    counts = count(labels, probabilities, threshold)
    for metric, expected in (
        (micro_f1, sklearn_metrics.f1_score(labels, chosen, average="micro")),
        (macro_f1, sklearn_metrics.f1_score(labels, chosen, average="macro")),
        (exact_match, sklearn_metrics.accuracy_score(labels, chosen)),
        (macro_auc, sklearn_metrics.roc_auc_score(labels, probabilities, average="macro")),
    ):
        assert metric(counts) == pytest.approx(expected, abs=2e-4)


def test_merged_parts_equal_the_whole(answers):
    labels, probabilities = answers
    merged = LabelCounts()
    for part in np.array_split(np.arange(60), 7):
        merged.merge(count(labels[part], probabilities[part]))
    whole = count(labels, probabilities)
    for metric in (micro_f1, macro_f1, exact_match, macro_auc):
        assert metric(merged) == metric(whole)


def test_weights_count_as_repeated_rows(answers):
    labels, probabilities = answers
    weighted = LabelCounts()
    for label, row in zip(labels, probabilities, strict=True):
        weighted.add(label, row, weight=2.0)
    assert micro_f1(weighted) == micro_f1(count(labels, probabilities))
    assert exact_match(weighted) == exact_match(count(labels, probabilities))
    assert macro_auc(weighted) == macro_auc(count(labels, probabilities))


def test_probability_on_the_threshold_is_chosen():
    assert exact_match(count([[1, 0]], [[0.3, 0.29]], threshold=0.3)) == 1.0


def test_labels_that_nothing_has_are_left_out():
    assert macro_f1(count([[1, 0]], [[0.9, 0.1]])) == 1.0
    assert macro_auc(count([[1, 0], [0, 0]], [[0.9, 0.1], [0.2, 0.3]])) == 1.0


def test_rows_without_labels_have_an_exact_match_and_no_f1():
    counts = count([[0, 0]], [[0.1, 0.1]])
    assert exact_match(counts) == 1.0
    assert math.isnan(micro_f1(counts))
    assert math.isnan(macro_f1(counts))
    assert math.isnan(macro_auc(counts))


@pytest.mark.parametrize(
    "cls", [MultiLabelMicroF1, MultiLabelMacroF1, MultiLabelExactMatch, MultiLabelMacroAUC]
)
def test_threshold_is_part_of_the_config(cls):
    metric = cls(threshold=0.3)
    assert cls.from_config(metric.get_config()).get_config() == metric.get_config()
    assert metric.get_config()["threshold"] == 0.3
