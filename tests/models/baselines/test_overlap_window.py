import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from models.baselines.overlap_window import fit
from models.config import BaselinesConfig
from models.tasks import create_task
from models.words import split_words
from schemas import features as keys
from schemas.errors import UserError

TASK = create_task({"name": "question_answering"})
NUMBERS = range(20)
"""Contexts; with fewer every word would be common."""


def rows(answers=True):
    """Yields a batch of contexts that say which king built what in which town."""
    contexts, questions, starts, ends = [], [], [], []
    for number in NUMBERS:
        king, town = f"Odo{number}", f"Alen\u00e7on{number}"
        context = (
            f"The story says that {king} built the {number} towers of {town} \U0001f3f0 there."
        )
        for asked in (True, False):
            contexts.append(context)
            questions.append(f"Who built the {number} towers?" if asked else "Why did it rain?")
            starts.append(context.index(king) if asked and answers else -1)
            ends.append(context.index(king) + len(king) if asked and answers else -1)
    yield {
        keys.CONTEXT: tf.constant(contexts),
        keys.QUESTION: tf.constant(questions),
        keys.ANSWER_START: tf.constant(starts, tf.int64),
        keys.ANSWER_END: tf.constant(ends, tf.int64),
    }


def fitted(batches):
    return fit(batches, TASK, BaselinesConfig())


def ask(baseline, question, context):
    features = {keys.QUESTION: tf.constant([question]), keys.CONTEXT: tf.constant([context])}
    return {name: value.numpy()[0] for name, value in baseline(features).items()}


@pytest.fixture(scope="module")
def baseline():
    return fitted(rows())


def test_answers_with_the_rare_words_among_those_of_the_question(baseline):
    (batch,) = rows()
    answers = baseline(batch)
    for index in range(0, len(batch[keys.CONTEXT]), 2):
        text = answers[keys.ANSWER][index].numpy().decode()
        context = batch[keys.CONTEXT][index].numpy().decode()
        start, end = int(answers[keys.START][index]), int(answers[keys.END][index])
        assert context[start:end] == text
        assert text in (f"Odo{index // 2}", f"Alen\u00e7on{index // 2}")


def test_learns_when_there_is_no_answer(baseline):
    answer = ask(baseline, "Why did it rain?", "The story says that Odo built towers.")
    assert answer[keys.NO_ANSWER]
    assert (answer[keys.ANSWER], answer[keys.START], answer[keys.END]) == (b"", -1, -1)


def test_never_answers_where_no_training_row_has_an_answer():
    baseline = fitted(rows(answers=False))
    (batch,) = rows()
    assert baseline(batch)[keys.NO_ANSWER].numpy().all()


def test_always_answers_where_every_training_row_has_one():
    (batch,) = rows()
    answered = {name: value[::2] for name, value in batch.items()}
    baseline = fitted([answered])
    assert not baseline(answered)[keys.NO_ANSWER].numpy().any()


@pytest.mark.parametrize(
    ("question", "context"), [("", ""), ("Who?", " \U0001f3f0 "), ("?", "Odo")]
)
def test_texts_without_words_get_no_answer(baseline, question, context):
    answer = ask(baseline, question, context)
    assert answer[keys.ANSWER] in (b"", b"Odo")
    assert np.isfinite(answer[keys.SCORE])


def test_no_question_gets_no_answer(baseline):
    empty = {name: tf.zeros([0], tf.string) for name in (keys.QUESTION, keys.CONTEXT)}
    assert all(value.shape == (0,) for value in baseline(empty).values())


def test_lists_the_span_that_it_has():
    batch = next(rows())
    task = create_task({"name": "question_answering", "top_k": 3})
    answers = fit(rows(), task, BaselinesConfig())(batch)
    assert answers[keys.STARTS].shape == (len(batch[keys.CONTEXT]), 3)
    assert (
        answers[keys.TEXTS][:, 0].numpy()[::2].tolist()
        == answers[keys.ANSWER].numpy()[::2].tolist()
    )
    assert (answers[keys.STARTS].numpy()[:, 1:] == -1).all()
    assert (answers[keys.SCORES].numpy()[:, 1:] == 0.0).all()


def test_needs_words():
    batch = {keys.CONTEXT: tf.constant(["..."]), keys.QUESTION: tf.constant(["?"])}
    with pytest.raises(UserError, match="needs words in the training contexts"):
        fitted([batch])


def test_gives_what_the_candidate_gives(baseline):
    wanted = {
        keys.ANSWER,
        keys.START,
        keys.END,
        keys.SCORE,
        keys.NO_ANSWER,
        keys.NO_ANSWER_PROBABILITY,
    }
    assert baseline(next(rows())).keys() == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Cr\u00e8me br\u00fbl\u00e9e, please",
        "  a\n\U0001f3f0b ",
        "\u05e9\u05dc\u05d5\u05dd, \u05e2\u05d5\u05dc\u05dd",
        "cre\u0300me_2",
    ],
)
def test_words_stand_where_they_are_said_to(text):
    words = split_words(tf.constant(["x!", text, ""]))
    found = [
        text[start:end]
        for row, start, end in zip(words.rows, words.starts, words.ends, strict=True)
        if row == 1
    ]
    assert found == "".join(map(_or_space, text)).split()


def _or_space(character):
    kind = unicodedata.category(character)[0]
    return character if kind in "LMN" or character == "_" else " "
