import pytest

from models.tuning.config import TuneConfig
from pipeline.loading import check_config
from schemas.errors import UserError

RANGES = {"learning_rate": {"min": 1e-5, "max": 1e-3}}


def config(tune):
    values = {
        "name": "news",
        "task": {"name": "classification", "labels": ["good", "bad"]},
        "ingest": {"train": "train.tsv"},
        "train": {"tune": tune},
    }
    return check_config(values, source="test")


def test_learning_rates_are_searched_by_powers_of_ten():
    searched = TuneConfig.model_validate({"ranges": RANGES}).ranges.learning_rate
    assert searched is not None
    assert searched.log


def test_no_search_is_made_unless_asked_for():
    assert config(None).train.tune is None


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        (
            {"learning_rate": {"min": 0.1, "max": 0.01}},
            r"train\.tune\.ranges\.learning_rate: min must be lower than max; received min=0\.1",
        ),
        (
            {"learning_rate": {"min": 0.0, "max": 0.01}},
            r"train\.tune\.ranges\.learning_rate\.min: .* received 0\.0",
        ),
        (
            {"dropout": {"min": 0.0, "max": 0.1, "log": True}},
            r"train\.tune\.ranges\.dropout: min must be above 0 where log is true",
        ),
        ({"dropout": {"min": 0.0, "max": 1.5}}, r"train\.tune\.ranges\.dropout\.max: .* 1\.5"),
        ({"batch_size": []}, r"train\.tune\.ranges\.batch_size: choices must be different values"),
        ({"batch_size": [8, 8]}, r"batch_size: choices must be different values, .* \[8, 8\]"),
        ({"steps": [5], "epochs": [1]}, "choices of steps or of epochs, not both"),
        ({}, r"train\.tune\.ranges: one range must be given at least; there are learning_rate"),
        (
            {"learning_rates": {"min": 1e-5, "max": 1e-3}},
            r"train\.tune\.ranges\.learning_rates: unknown key; did you mean learning_rate\?",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_path(ranges, message):
    with pytest.raises(UserError, match=message):
        config({"ranges": ranges})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"algorithm": "grid"}, r"train\.tune\.algorithm"),
        ({"trials": 0}, r"train\.tune\.trials"),
        ({"max_steps": 0}, r"train\.tune\.max_steps"),
    ],
)
def test_a_wrong_search_is_refused_with_its_path(change, path):
    with pytest.raises(UserError, match=path):
        config({"ranges": RANGES} | change)
