"""KerasTuner's side of a search, with a training that only computes a score."""

import pytest

from models.training.summary import TrainingSummary
from models.tuning.config import TuneConfig
from models.tuning.search import TrialTuner, trial_steps
from schemas import progress
from schemas.errors import AlbertTfxError, UserError

RANGES = {"learning_rate": {"min": 1e-4, "max": 1e-1}, "batch_size": [8, 16, 32]}


class Training:
    """Scores a rate by how near it is to 0.01, and remembers what it was asked for."""

    def __init__(self, errors=None):
        self.asked = []
        self.shares = []
        self.errors = errors or {}

    def __call__(self, values, share, directory):
        self.asked.append(dict(values))
        self.shares.append(share)
        if error := self.errors.get(len(self.asked)):
            raise error
        score = 1.0 - abs(values["train.learning_rate"] - 0.01)
        return TrainingSummary.model_construct(
            best_score=score, steps=5, seconds=0.1, history=(), **_OTHERS
        )


_OTHERS = {
    name: 1
    for name, field in TrainingSummary.model_fields.items()
    if name not in ("best_score", "steps", "seconds", "history")
    and field.annotation in (int, float, int | None, float | None)
} | {
    name: "text" for name, field in TrainingSummary.model_fields.items() if field.annotation is str
}


def tuner(folder, training, **config):
    return TrialTuner(
        TuneConfig.model_validate({"ranges": RANGES, "trials": 3, "seed": 4} | config),
        training,
        metric="accuracy",
        higher_is_better=True,
        directory=str(folder / "search"),
    )


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband"])
def test_every_algorithm_runs_its_trials_within_the_ranges(tmp_path, algorithm):
    training = Training()
    search = tuner(tmp_path, training, algorithm=algorithm, trials=4)
    search.search(verbose=0)
    record = search.record()
    assert len(record.trials) == len(training.asked) == 4
    for values in training.asked:
        assert 1e-4 <= values["train.learning_rate"] <= 1e-1
        assert values["train.batch_size"] in (8, 16, 32)
    assert record.best_trial.score == max(trial.score for trial in record.trials)


def test_hyperband_gives_first_trials_a_share_of_the_steps(tmp_path):
    training = Training()
    tuner(tmp_path, training, algorithm="hyperband", trials=13).search(verbose=0)
    assert training.shares[0] == pytest.approx(1 / 9)
    assert max(training.shares) == 1.0


def test_the_same_seed_tries_the_same_values(tmp_path):
    runs = [Training(), Training()]
    for index, training in enumerate(runs):
        tuner(tmp_path / str(index), training).search(verbose=0)
    assert runs[0].asked == runs[1].asked


def test_a_killed_search_goes_on_with_the_trial_that_was_under_way(tmp_path):
    whole = Training()
    tuner(tmp_path / "whole", whole).search(verbose=0)
    killed = Training(errors={2: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        tuner(tmp_path, killed).search(verbose=0)
    resumed = Training()
    search = tuner(tmp_path, resumed)
    search.search(verbose=0)
    assert resumed.asked == whole.asked[1:]
    assert [trial.number for trial in search.record().trials] == [1, 2, 3]


def test_a_search_killed_in_its_first_trial_starts_with_it_again(tmp_path):
    whole, resumed = Training(), Training()
    tuner(tmp_path / "whole", whole).search(verbose=0)
    with pytest.raises(KeyboardInterrupt):
        tuner(tmp_path, Training(errors={1: KeyboardInterrupt()})).search(verbose=0)
    tuner(tmp_path, resumed).search(verbose=0)
    assert resumed.asked == whole.asked


def test_a_trial_whose_loss_is_infinite_fails_and_the_search_goes_on(tmp_path):
    training = Training(errors={1: AlbertTfxError("the loss must stay finite")})
    search = tuner(tmp_path, training)
    search.search(verbose=0)
    failed, *others = search.record().trials
    assert (failed.status, failed.score) == ("failed", None)
    assert "the loss must stay finite" in failed.message
    assert [trial.status for trial in others] == ["completed", "completed"]


def test_a_search_without_a_score_says_so(tmp_path):
    error = AlbertTfxError("the loss must stay finite")
    search = tuner(tmp_path, Training(errors={1: error, 2: error, 3: error}))
    search.search(verbose=0)
    with pytest.raises(AlbertTfxError, match=r"all 3 failed, .*the loss must stay finite"):
        search.record()


@pytest.mark.parametrize("error", [UserError("the vocabulary must fit"), ZeroDivisionError("bug")])
def test_what_is_no_fault_of_the_values_ends_the_search(tmp_path, error):
    with pytest.raises(Exception, match=str(error)) as raised:
        tuner(tmp_path, Training(errors={1: error})).search(verbose=0)
    assert raised.value.__cause__ is error


def test_progress_tells_the_trial(tmp_path):
    told = []
    with progress.listening(told.append):
        tuner(tmp_path, Training()).search(verbose=0)
    assert [update.work for update in told] == [
        f"trial {number} of 3, starting" for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("planned", "max_steps", "share", "expected"),
    [
        (90, None, 1.0, 90),
        (90, 30, 1.0, 30),
        (20, 30, 1.0, 20),
        (90, None, 1 / 9, 10),
        (3, 1, 0.1, 1),
    ],
)
def test_steps_of_a_trial(planned, max_steps, share, expected):
    assert trial_steps(planned, max_steps=max_steps, share=share) == expected
