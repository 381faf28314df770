import pytest

from models.training.state import TrainingState


def record(scores, *, higher_is_better=True):
    state = TrainingState()
    for state.step, score in enumerate(scores, start=1):
        state.record({"val_accuracy": score}, score=score, higher_is_better=higher_is_better)
    return state


@pytest.mark.parametrize(
    ("scores", "higher_is_better", "best_step"),
    [
        ([0.5, 0.7, 0.6], True, 2),
        ([0.7, 0.7, 0.7], True, 1),
        ([0.5, 0.7, 0.6], False, 1),
        ([0.0, -1.0], True, 1),
        ([0.0, -1.0], False, 2),
    ],
)
def test_best_weights_are_the_earliest_with_the_best_score(scores, higher_is_better, best_step):
    assert record(scores, higher_is_better=higher_is_better).best_step == best_step


def test_every_evaluation_is_kept():
    assert record([0.5, 0.4]).history == [
        {"step": 1.0, "val_accuracy": 0.5},
        {"step": 2.0, "val_accuracy": 0.4},
    ]


def test_state_goes_through_json():
    state = record([0.5, 0.7])
    assert TrainingState.model_validate_json(state.model_dump_json()) == state


@pytest.mark.parametrize(
    ("scores", "expected"), [([], 0), ([0.5], 0), ([0.5, 0.4, 0.5], 2), ([0.5, 0.4, 0.6], 0)]
)
def test_evaluations_after_the_best_one_are_counted(scores, expected):
    assert record(scores).evaluations_since_best() == expected
