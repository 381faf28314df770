import pytest

from models.tuning.config import Ranges
from models.tuning.space import search_space, with_best, with_values

RANGES = Ranges.model_validate(
    {
        "learning_rate": {"min": 1e-5, "max": 1e-3},
        "rate_factors": {"head": {"min": 1.0, "max": 100.0}},
        "batch_size": [8, 16],
        "epochs": [1.0, 2.0],
        "dropout": {"min": 0.0, "max": 0.2},
        "classifier_dropout": {"min": 0.0, "max": 0.3},
    }
)


def test_names_are_the_paths_of_the_config():
    assert {part.name for part in search_space(RANGES).space} == {
        "train.learning_rate",
        "train.rate_factors.head",
        "train.batch_size",
        "train.epochs",
        "model.dropout",
        "model.classifier_dropout",
    }


def test_values_stay_within_their_ranges():
    for seed in range(200):
        drawn = {part.name: part.random_sample(seed) for part in search_space(RANGES).space}
        assert 1e-5 <= drawn["train.learning_rate"] <= 1e-3
        assert drawn["train.batch_size"] in (8, 16)
        assert 0.0 <= drawn["model.dropout"] <= 0.2


def test_small_learning_rates_are_as_likely_as_large_ones():
    (rate,) = search_space(
        Ranges.model_validate({"learning_rate": {"min": 1e-5, "max": 1e-3}})
    ).space
    below = sum(rate.random_sample(seed) < 1e-4 for seed in range(400))
    assert 150 < below < 250


def test_values_are_set_in_a_copy():
    sections = {"train": {"learning_rate": None}, "model": {"dropout": 0.0}, "task": {}}
    changed = with_values(sections, {"train.learning_rate": 0.1, "model.dropout": 0.2})
    assert changed == {"train": {"learning_rate": 0.1}, "model": {"dropout": 0.2}, "task": {}}
    assert sections["train"]["learning_rate"] is None


@pytest.mark.parametrize("factors", [{}, {"rate_factors": {"head": 1.0, "shared": 0.5}}])
def test_values_of_sections_inside_sections_are_set(factors):
    changed = with_values({"train": factors}, {"train.rate_factors.head": 3.0})
    assert changed["train"]["rate_factors"] == {**factors.get("rate_factors", {}), "head": 3.0}


def test_what_the_search_keeps_for_itself_is_left_out():
    assert with_values({"train": {}}, {"tuner/round": 1}) == {"train": {}}


def test_epochs_take_the_place_of_steps():
    assert with_values({"train": {"steps": 9}}, {"train.epochs": 2.0}) == {
        "train": {"steps": None, "epochs": 2.0}
    }


def test_a_tuners_best_goes_before_the_config_and_no_tuner_changes_nothing():
    sections = {"train": {"batch_size": 4}}
    assert with_best(sections, None) == sections
    assert with_best(sections, {"space": [], "values": {"train.batch_size": 8}}) == {
        "train": {"batch_size": 8}
    }
