"""Baselines of regression and of multi-label classification."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from models.baselines import frequency, mean, tfidf_one_vs_rest, tfidf_ridge
from models.baselines.tfidf import fit_logistic
from models.config import BaselinesConfig
from models.tasks import create_task
from schemas import features as keys
from schemas.errors import UserError
from tests.models.tiny_training import texts

CONFIG = BaselinesConfig(ngrams=1)
REGRESSION = create_task({"name": "regression"})
MULTILABEL = create_task({"name": "multilabel", "labels": ["dull", "fine", "never", "always"]})
PAIRS = texts(80)
ASKED = [text for text, _ in texts(20, seed=3)] + ["", "unseen words"]


def rows(task, targets, pairs=PAIRS, batch=7):
    """Yields batches as `read_rows` does."""
    for start in range(0, len(pairs), batch):
        yield {
            keys.TEXT: tf.constant([text for text, _ in pairs[start : start + batch]]),
            task.label_key: tf.constant(targets[start : start + batch]),
        }


SCORES = np.float32([label + len(text) / 100 for text, label in PAIRS])
VECTORS = np.array(
    [["dull" in text, "fine" in text, False, True] for text, _ in PAIRS], dtype=np.int64
)


def test_mean_score():
    baseline = mean.fit(rows(REGRESSION, SCORES), REGRESSION, CONFIG)
    scores = baseline({keys.TEXT: tf.constant(["a", "b"])})[keys.SCORE]
    np.testing.assert_allclose(scores, [SCORES.mean()] * 2, rtol=1e-6)


def test_ridge_gives_scikit_learns_scores():
    counted = TfidfVectorizer(tokenizer=str.split, token_pattern=None)
    ridge = Ridge().fit(counted.fit_transform([text for text, _ in PAIRS]), SCORES)
    baseline = tfidf_ridge.fit(rows(REGRESSION, SCORES), REGRESSION, CONFIG)
    np.testing.assert_allclose(
        baseline({keys.TEXT: tf.constant(ASKED)})[keys.SCORE],
        ridge.predict(counted.transform(ASKED)),
        atol=1e-4,
    )


def test_frequencies():
    baseline = frequency.fit(rows(MULTILABEL, VECTORS), MULTILABEL, CONFIG)
    answers = baseline({keys.TEXT: tf.constant(["a", "b"])})
    np.testing.assert_allclose(answers[keys.PROBABILITIES], [VECTORS.mean(axis=0)] * 2, atol=1e-6)
    assert answers[keys.CHOSEN][0, 0] == b"always"


def test_one_vs_rest_gives_scikit_learns_probabilities():
    counted = TfidfVectorizer(tokenizer=str.split, token_pattern=None)
    vectors = counted.fit_transform([text for text, _ in PAIRS])
    asked = counted.transform(ASKED)
    expected = [
        fit_logistic(vectors, VECTORS[:, label]).predict_proba(asked)[:, 1] for label in (0, 1)
    ]
    baseline = tfidf_one_vs_rest.fit(rows(MULTILABEL, VECTORS), MULTILABEL, CONFIG)
    probabilities = baseline({keys.TEXT: tf.constant(ASKED)})[keys.PROBABILITIES].numpy()
    np.testing.assert_allclose(probabilities[:, :2].T, expected, atol=1e-5)
    np.testing.assert_array_equal(probabilities[:, 2:], [[0.0, 1.0]] * len(ASKED))


@pytest.mark.parametrize(("module", "task"), [(mean, REGRESSION), (frequency, MULTILABEL)])
def test_no_rows_are_refused(module, task):
    with pytest.raises(UserError, match="needs rows; the training split has none"):
        module.fit(iter(()), task, CONFIG)


@pytest.mark.parametrize(
    ("module", "task", "targets"),
    [(tfidf_ridge, REGRESSION, [1.0]), (tfidf_one_vs_rest, MULTILABEL, [[1, 0, 0, 0]])],
)
def test_no_words_are_refused(module, task, targets):
    with pytest.raises(UserError, match="needs words in the training texts"):
        module.fit(rows(task, targets, pairs=[("!?", 0)]), task, CONFIG)
