import re
import warnings

import numpy as np
import pytest
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from models.baselines.bag_of_words import split_words
from models.baselines.tfidf import INVERSE_REGULARIZATION, fit
from models.config import BaselinesConfig
from models.tasks import create_task
from schemas import features as keys
from schemas.errors import UserError
from tests.models import reference
from tests.models.tiny_training import texts

LABELS = ["bad", "good", "mixed"]
TASK = create_task({"name": "classification", "labels": LABELS})
UNICODE = [
    "Crème BRÛLÉE, naïve café",
    "ПРИВЕТ, мир!",
    "你好 世界",
    "x\N{ZERO WIDTH SPACE}y don't e-mail snake_case",
    "१२३ ٤٥٦ ½",
    "ΟΔΥΣΣΕΎΣ Straße",
    "\N{PILE OF POO}\N{SNOWMAN} !?",
    "",
    "never seen words only",
    "film " * 500,
]


def fitted(pairs, *, task=TASK, **config):
    """Fits on pairs of text and label id, in batches of 7."""
    rows = (
        {
            keys.TEXT: tf.constant([text for text, _ in pairs[start : start + 7]]),
            keys.LABEL_ID: tf.constant([label for _, label in pairs[start : start + 7]], tf.int64),
        }
        for start in range(0, len(pairs), 7)
    )
    return fit(rows, task, BaselinesConfig(**config))


def probabilities(baseline, asked):
    return baseline({keys.TEXT: tf.constant(asked)})[keys.PROBABILITIES].numpy()


def python_words(text):
    """What a word is, told once more without TensorFlow."""
    return re.findall(r"[\w\u0900-\u0963]+", reference.normalize(text))


def scikit_learn(pairs, asked, **vectorizer):
    """The probabilities of scikit-learn's own pipeline."""
    counted = TfidfVectorizer(
        analyzer="word", tokenizer=python_words, token_pattern=None, **vectorizer
    )
    vectors = counted.fit_transform([text for text, _ in pairs])
    labels = [label for _, label in pairs]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unknown solver options: iprint")  # as in the baseline
        regression = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=1000)
        regression.fit(vectors, labels)
    return regression.predict_proba(counted.transform(asked))


PAIRS = texts(120) + [(text, index % 3) for index, text in enumerate(UNICODE)]


@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_served_graph_gives_scikit_learns_probabilities(ngrams):
    asked = [text for text, _ in texts(40, seed=9)] + UNICODE
    np.testing.assert_allclose(
        probabilities(fitted(PAIRS, ngrams=ngrams), asked),
        scikit_learn(PAIRS, asked, ngram_range=(1, ngrams)),
        atol=1e-5,
    )


def test_two_labels_have_scikit_learns_probabilities():
    task = create_task({"name": "classification", "labels": LABELS[:2]})
    pairs = [(text, label) for text, label in PAIRS if label < 2]
    np.testing.assert_allclose(
        probabilities(fitted(pairs, task=task), UNICODE),
        scikit_learn(pairs, UNICODE, ngram_range=(1, 2)),
        atol=1e-5,
    )


def test_a_label_that_is_never_seen_has_no_probability():
    pairs = [(text, label) for text, label in PAIRS if label != 1]
    answered = probabilities(fitted(pairs), UNICODE)
    np.testing.assert_allclose(
        answered[:, [0, 2]], scikit_learn(pairs, UNICODE, ngram_range=(1, 2)), atol=1e-5
    )
    assert not answered[:, 1].any()


def test_only_the_most_frequent_terms_are_kept():
    baseline = fitted(PAIRS, max_terms=20)
    assert baseline.num_terms == 20
    np.testing.assert_allclose(
        probabilities(baseline, UNICODE),
        scikit_learn(PAIRS, UNICODE, ngram_range=(1, 2), max_features=20),
        atol=1e-5,
    )


@pytest.mark.parametrize("text", [*UNICODE, "हिन्दी भाषा", "I İ ı"])
def test_words_are_what_pythons_unicode_says(text):
    (words,) = split_words({keys.TEXT: tf.constant([text])}).to_list()
    assert [word.decode() for word in words] == python_words(text)


@pytest.mark.parametrize("text", [b"good\xff\xfebad", b"good\x00bad"], ids=["not UTF-8", "NUL"])
def test_broken_bytes_separate_words(text):
    assert split_words({keys.TEXT: tf.constant([text])}).to_list() == [[b"good", b"bad"]]


def test_texts_of_a_pair_are_read_together():
    words = split_words({"second": tf.constant(["c d"]), "first": tf.constant(["a b."])})
    assert words.to_list() == [[b"a", b"b", b"c", b"d"]]


def test_empty_batch_gets_an_empty_answer():
    assert probabilities(fitted(PAIRS), tf.constant([], tf.string)).shape == (0, 3)


def test_one_label_is_refused():
    with pytest.raises(UserError, match=r"needs two labels.*all 3 rows have 'good'"):
        fitted([("a", 1), ("b", 1), ("c", 1)])


@pytest.mark.parametrize("pairs", [[], [("!?", 0), ("...", 1)]], ids=["no rows", "no words"])
def test_no_words_are_refused(pairs):
    with pytest.raises(UserError, match="needs words in the training texts"):
        fitted(pairs)
