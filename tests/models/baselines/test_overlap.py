import numpy as np
import pytest
import tensorflow as tf

from models.baselines.overlap import fit
from models.config import BaselinesConfig
from models.tasks import create_task
from schemas import features as keys

PASSAGE = "Ann went to the big red house. She likes it."


@pytest.fixture
def baseline():
    return fit(iter(()), create_task({"name": "multiple_choice"}), BaselinesConfig())


def ask(passages, options):
    return {
        keys.PASSAGE: tf.constant(passages),
        keys.QUESTION: tf.constant(["?"] * len(passages)),
        keys.OPTIONS: tf.ragged.constant(options, dtype=tf.string, ragged_rank=1),
    }


def test_shares_of_words_in_the_passage(baseline):
    options = [["The BIG house", "a small house", "the the green"], ["Ann", "tree"]]
    shares = baseline.shares(ask([PASSAGE, PASSAGE], options))
    np.testing.assert_allclose(shares, [1, 1 / 3, 1 / 2, 1, 0], rtol=1e-6)


def test_answers_have_the_form_of_the_candidates(baseline):
    answers = baseline(ask([PASSAGE, "none"], [["blue tree", "red", "no"], ["a", "b"]]))
    assert answers[keys.INDEX].numpy().tolist() == [1, 0]
    assert answers[keys.OPTION].numpy().tolist() == [b"red", b"a"]
    probabilities = answers[keys.PROBABILITIES].numpy()
    assert probabilities[1].tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("options", [[[], []], [["", ""], ["...", "!"]]])
def test_options_without_words(options, baseline):
    answers = baseline(ask([PASSAGE, ""], options))
    np.testing.assert_allclose(answers[keys.PROBABILITIES].numpy().sum(axis=1), 1)
