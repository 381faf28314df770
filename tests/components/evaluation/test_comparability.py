"""A champion that cannot be measured beside the candidate is recognised, and the reason told."""

import shutil

import pytest

from components.evaluation.comparability import why_incomparable
from models.tasks import create_task
from schemas.model_info import model_info_path
from tests.serving.tiny_examples import make_row, serialize
from tests.serving.tiny_models import LABELS, save_model

EXAMPLES = [serialize(make_row(1, "a good day", LABELS[1]))]


@pytest.fixture(scope="module")
def task():
    return create_task({"name": "classification", "labels": list(LABELS)})


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "plain")


def test_a_model_of_the_same_labels_and_signature_is_comparable(plain, task):
    assert why_incomparable(plain, task, EXAMPLES) == ""


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"labels": ("a", "b", "c"), "weights": {"good": (1.0, 0.0, 0.0)}},
            "its labels are a, b, c, not negative, positive",
        ),
        ({"labels": LABELS[::-1]}, "its labels are positive, negative, not negative, positive"),
        ({"task": "regression"}, "it was made for the task regression, not classification"),
        ({"feature": "sentence"}, "signature examples failed"),
        ({"jit": True}, "TensorFlow Serving disables XLA"),
    ],
)
def test_a_model_of_another_kind_says_which(tmp_path, task, options, problem):
    assert problem in why_incomparable(save_model(tmp_path / "other", **options), task, EXAMPLES)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (shutil.rmtree, "its files are gone from"),
        (lambda folder: shutil.rmtree(folder / "variables"), "cannot be loaded"),
        (lambda folder: model_info_path(folder).unlink(), "it has no record"),
        (lambda folder: model_info_path(folder).write_text("{"), "its record cannot be read"),
    ],
)
def test_a_damaged_model_says_what_is_missing(plain, tmp_path, task, damage, problem):
    folder = shutil.copytree(plain, tmp_path / "damaged")
    damage(folder)
    assert problem in why_incomparable(folder, task, EXAMPLES)


def test_an_output_that_tfma_would_miss_is_named(plain, task, monkeypatch):
    monkeypatch.setattr(type(task), "prediction_key", "score")
    problem = why_incomparable(plain, task, EXAMPLES)
    assert "has no output score: label, labels, probabilities, probability" in problem
