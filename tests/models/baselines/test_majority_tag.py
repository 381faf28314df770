import pytest
import tensorflow as tf

from models.baselines.majority_tag import fit
from models.config import BaselinesConfig
from models.tasks import create_task
from schemas import features as keys
from schemas.errors import UserError

TASK = {"name": "tagging", "types": ["person", "place"]}
ROWS = [
    ("Anna saw Rome", "0:4:person 9:13:place"),
    ("anna, new york", "0:4:person 6:14:place"),
    ("New year Anna", "9:13:person"),
    ("new things", ""),
    ("Anna", ""),
]


def batch(rows):
    texts, entities = zip(*rows, strict=True)
    return {keys.TEXT: tf.constant(texts), keys.ENTITIES: tf.constant(entities)}


@pytest.fixture(scope="module")
def baseline():
    rows = iter([batch(ROWS[:2]), batch(ROWS[2:])])
    return fit(rows, create_task(TASK), BaselinesConfig())


def answer(baseline, *texts):
    return baseline({keys.TEXT: tf.constant(texts, tf.string)})


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("ANNA met Bob in Rome!", "0:4:person 16:20:place"),
        ("in New York", "7:11:place"),
        ("Ann", ""),
        ("", ""),
    ],
)
def test_each_word_has_its_most_frequent_tag(baseline, text, entities):
    assert answer(baseline, text)[keys.ENTITIES].numpy().tolist() == [entities.encode()]


def test_outputs_are_those_of_the_candidate(baseline):
    answers = answer(baseline, "Anna in Rome", "no")
    assert answers[keys.TEXTS].numpy().tolist() == [[b"Anna", b"Rome"], [b"", b""]]
    assert answers[keys.SCORES].numpy().tolist() == [[0.75, 1.0], [0.0, 0.0]]
    assert set(answers) == {
        keys.TYPES,
        keys.TEXTS,
        keys.STARTS,
        keys.ENDS,
        keys.SCORES,
        keys.ENTITIES,
    }


def test_training_rows_without_entities():
    baseline = fit(iter([batch([("a b", "")])]), create_task(TASK), BaselinesConfig())
    assert answer(baseline, "a b")[keys.ENTITIES].numpy().tolist() == [b""]


def test_no_rows():
    with pytest.raises(UserError, match="the training split has none"):
        fit(iter([]), create_task(TASK), BaselinesConfig())


def test_another_task():
    task = create_task({"name": "classification", "labels": ["a", "b"]})
    with pytest.raises(UserError, match="for the task tagging; received classification"):
        fit(iter([]), task, BaselinesConfig())
