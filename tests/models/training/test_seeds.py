import pytest

from models.training.seeds import train_seeds
from models.training.summary import TrainingSummary


def record(seed, score):
    return TrainingSummary(
        seed=seed,
        precision="float32",
        optimizer="adamw",
        steps=10,
        planned_steps=10,
        epochs=1.0,
        batch_size=8,
        accumulation=1,
        learning_rate=1e-3,
        seconds=1.0,
        steps_per_second=None,
        tokens_per_second=None,
        padding_ratio=0.0,
        best_step=10,
        selection_metric="accuracy",
        best_score=score,
        resumed_from_step=0,
        history=(),
    )


def train(scores, *, higher_is_better=True):
    names = []

    def train_one(seed, name):
        names.append(name)
        return f"model {seed}", record(seed, scores[seed])

    model, summary = train_seeds(list(scores), train_one, higher_is_better=higher_is_better)
    return model, summary, names


@pytest.mark.parametrize(
    ("scores", "higher_is_better", "best"),
    [
        ({0: 0.7, 3: 0.9, 1: 0.8}, True, 3),
        ({0: 0.7, 3: 0.9, 1: 0.8}, False, 0),
        ({5: 0.7, 3: 0.7}, True, 5),
    ],
)
def test_the_best_on_dev_is_kept_and_the_earlier_of_equals(scores, higher_is_better, best):
    model, summary, _ = train(scores, higher_is_better=higher_is_better)
    assert (model, summary.seed) == (f"model {best}", best)


def test_mean_and_deviation_are_those_of_every_seed():
    _, summary, _ = train({0: 0.7, 3: 0.9, 1: 0.8})
    assert [result.seed for result in summary.seeds] == [0, 3, 1]
    assert (summary.mean_score, summary.score_deviation) == pytest.approx((0.8, 0.1))


def test_one_seed_has_no_deviation():
    _, summary, names = train({4: 0.7})
    assert (summary.mean_score, summary.score_deviation) == (0.7, None)
    assert names == ["training"]


def test_progress_tells_which_seed_it_is():
    assert train({0: 0.7, 3: 0.9})[2] == ["training, seed 1 of 2", "training, seed 2 of 2"]


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match="seeds must hold one at least"):
        train({})
