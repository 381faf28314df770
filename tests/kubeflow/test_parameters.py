"""The run's parameters: checked, and put into the JSON that a step is given."""

import json

import pytest

from components.ingest.config import IngestConfig
from kubeflow.parameters import PARAMETERS, check_parameters, taken_in
from models.config import ModelConfig, TrainConfig, VocabularyConfig
from schemas.errors import UserError

TRAIN = TrainConfig(epochs=3.0, learning_rate=1e-3).model_dump(mode="json")
TRAINER = {"run_fn": "models.trainer.run_fn", "custom_config": json.dumps({"train": TRAIN})}


def test_steps_and_rate_replace_those_of_the_config():
    given = {"pipelinechannel--steps": 50.0, "pipelinechannel--learning_rate": 0.01}
    taken = taken_in(TRAINER | given)
    assert set(taken) == set(TRAINER)
    expected = TRAIN | {"steps": 50, "epochs": None, "learning_rate": 0.01}
    assert json.loads(taken["custom_config"])["train"] == expected


def test_zero_leaves_the_step_as_it_was_compiled():
    given = {"pipelinechannel--steps": 0.0, "pipelinechannel--image": "repo/image:1"}
    assert taken_in(TRAINER | given) == TRAINER


def test_a_round_goes_on_from_weights_and_their_vocabulary():
    given = {"pipelinechannel--weights": "/state/preset", "pipelinechannel--epochs": 1.0}
    content = {"train": TRAIN | {"epochs": None, "steps": 9}, "model": ModelConfig().model_dump()}
    taken = json.loads(taken_in({"custom_config": json.dumps(content)} | given)["custom_config"])
    assert taken["model"]["weights"] == "/state/preset"
    assert (taken["train"]["epochs"], taken["train"]["steps"]) == (1.0, None)
    config = VocabularyConfig().model_dump_json()
    taken = taken_in({"config": config, "pipelinechannel--vocabulary": "/state/spiece.model"})
    assert VocabularyConfig.model_validate_json(taken["config"]).model == "/state/spiece.model"


def test_without_weights_the_step_stays_as_it_was_compiled():
    given = {"pipelinechannel--weights": "", "pipelinechannel--epochs": 0.0}
    assert taken_in(TRAINER | given) == TRAINER


def test_a_span_reaches_ingest_as_a_whole_number():
    config = IngestConfig(train="day-{SPAN}.tsv").model_dump_json()
    taken = taken_in({"config": config, "span": 0, "pipelinechannel--span": 7.0})
    assert taken["span"] == 0
    assert IngestConfig.model_validate_json(taken["config"]).span == 7


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"span": -1}, "span: must be a whole number from 0 on; received -1"),
        ({"span": 1.5}, "span: must be a whole number from 0 on; received 1.5"),
        ({"steps": "100"}, "steps: must be a whole number from 0 on; received '100'"),
        ({"steps": True}, "steps: must be a whole number from 0 on; received True"),
        ({"learning_rate": float("nan")}, "learning_rate: must be a number from 0 on"),
        ({"image": "two words"}, "image: must be the name of an image"),
        ({"image": ""}, "image: must be the name of an image"),
        ({"epochs": 3}, "epochs: unknown; there are span, learning_rate, steps, image"),
    ],
)
def test_a_wrong_value_is_refused_in_words(given, problem):
    with pytest.raises(UserError, match="parameters of the run") as raised:
        check_parameters(given)
    assert problem in str(raised.value)


def test_all_wrong_values_are_named_at_once():
    with pytest.raises(UserError) as raised:
        check_parameters({parameter.name: -1 for parameter in PARAMETERS})
    assert len(str(raised.value).splitlines()) == 1 + len(PARAMETERS)
