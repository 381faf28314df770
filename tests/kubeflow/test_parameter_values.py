"""Parameters of a run as a user writes them: typed, and checked before anything is sent."""

import pytest

from kubeflow.parameter_values import read_parameters
from schemas.errors import UserError


def test_values_have_the_types_of_their_parameters(config):
    texts = ["span=7", "learning_rate=2e-5", "steps=1e3", "image=registry.example/a:1@sha256:0=="]
    assert read_parameters(texts, config) == {
        "span": 7,
        "learning_rate": 2e-5,
        "steps": 1000,
        "image": "registry.example/a:1@sha256:0==",
    }
    assert read_parameters([], config) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps=many", "steps: must be a whole number from 0 on; received 'many'"),
        ("steps=1.5", "steps: must be a whole number from 0 on; received 1.5"),
        ("span=", "span: must be a whole number from 0 on; received ''"),
        ("learning_rate=nan", "learning_rate: must be a number from 0 on; received nan"),
        ("learning_rate=-1", "learning_rate: must be a number from 0 on; received -1"),
        ("image=", "image: must be the name of an image; received ''"),
        ("epochs=3", "epochs: unknown; there are span, learning_rate, steps, image"),
        ("steps", "--parameter takes name=value, such as steps=500; received 'steps'"),
    ],
)
def test_a_wrong_one_is_refused_in_words(config, text, problem):
    with pytest.raises(UserError, match="the parameters of the run cannot be used") as raised:
        read_parameters([text], config)
    assert problem in str(raised.value)


def test_everything_wrong_is_named_at_once(config):
    with pytest.raises(UserError) as raised:
        read_parameters(["steps=x", "span=y", "batch=3", "steps=4", "image"], config)
    assert len(str(raised.value).splitlines()) == 1 + 5
