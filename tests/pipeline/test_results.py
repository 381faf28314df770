import pytest

from pipeline.results import training_line

ONE = {
    "steps": 90,
    "planned_steps": 90,
    "precision": "float32",
    "selection_metric": "accuracy",
    "best_score": 0.93123,
    "best_step": 80,
    "score_deviation": None,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "best 0.9312 at step 80, 90 steps in float32"),
        (
            {"planned_steps": 2000},
            "best 0.9312 at step 80, stopped at step 90 of 2,000 in float32",
        ),
        (
            {"mean_score": 0.92, "score_deviation": 0.0111, "seeds": [{}, {}, {}]},
            "accuracy 0.9200 ± 0.0111 over 3 seeds, best 0.9312 at step 80, 90 steps in float32",
        ),
        ({"best_score": None}, "90 steps in float32"),
    ],
)
def test_training_is_told_in_one_line(changes, expected):
    assert training_line({**ONE, **changes}) == expected
