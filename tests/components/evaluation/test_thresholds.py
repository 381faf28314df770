"""Thresholds that name what does not exist are found before a run, all at once."""

import pytest

from components.evaluation.config import EvaluateConfig
from components.evaluation.thresholds import check_thresholds

KNOWN = {
    "metric_names": ["accuracy", "mcc"],
    "baseline_names": ["majority", "tfidf"],
    "slice_names": ["label", "length_bucket"],
}


def problems_of(*thresholds):
    return check_thresholds(EvaluateConfig.model_validate({"thresholds": thresholds}), **KNOWN)


@pytest.mark.parametrize(
    "threshold",
    [
        {"metric": "mcc", "min": 0.5},
        {"metric": "accuracy", "min": 0, "over": "champion"},
        {"metric": "accuracy", "min": 0, "over": "tfidf", "slice": "label"},
        {"metric": "accuracy", "min": 0, "slice": "label=a=b"},
    ],
)
def test_known_names_pass(threshold):
    assert problems_of(threshold) == []


def test_no_thresholds_have_no_problem():
    assert check_thresholds(EvaluateConfig(), **KNOWN) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            {"metric": "acuracy"},
            "evaluate.thresholds.0.metric: must be one of accuracy, mcc; received 'acuracy'",
        ),
        (
            {"over": "majorty"},
            "evaluate.thresholds.0.over: must be one of champion, majority, tfidf; "
            "received 'majorty'",
        ),
        (
            {"slice": "source=web"},
            "evaluate.thresholds.0.slice: must be one of label, length_bucket; received 'source'",
        ),
    ],
)
def test_an_unknown_name_comes_with_the_known_ones(wrong, problem):
    assert problems_of({"metric": "accuracy", "min": 0, **wrong}) == [problem]


def test_every_problem_is_told():
    first = {"metric": "f2", "min": 0, "slice": "nowhere"}
    assert len(problems_of(first, {"metric": "accuracy", "min": 0, "over": "nobody"})) == 3
