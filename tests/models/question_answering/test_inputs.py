"""From texts to windows and back: answers stand where they stood, whatever was normalised."""

import pytest
import tensorflow as tf

from models.question_answering.inputs import answer_tokens, cut_questions, locate
from models.question_answering.spans import Spans
from schemas import features as keys

NORMANS = "The Normans gave their name to Normandy, a region in France, long ago."
TEXTS = {
    "plain": (NORMANS, "Normandy"),
    "squeezed spaces": (
        "The  Normans \t gave\n\ntheir   name to  Normandy , long ago.",
        "Normandy",
    ),
    "accents": (
        "Les rois de la Normandie e\u0301taient co\u0302te\u0301 France, la\u0300.",
        "France",
    ),
    "ligature": ("The \ufb01rst \u0132ssel, a region in France.", "region in France"),
    "emoji": (
        "I \u2764\ufe0f\U0001f44d\U0001f3fd Normandy \U0001f1eb\U0001f1f7 a region",
        "a region",
    ),
    "right to left": (
        "\u05e9\u05dc\u05d5\u05dd Normandy \u05e2\u05d5\u05dc\u05dd region",
        "Normandy",
    ),
    "full width": ("\uff34\uff48\uff45 Normans gave \uff4e\uff41\uff4d\uff45 to France", "France"),
}


def cut(tokenizer, questions, contexts, max_length=64, stride=8):
    features = {keys.QUESTION: tf.constant(questions), keys.CONTEXT: tf.constant(contexts)}
    return cut_questions(
        features, tokenizer, max_length=max_length, max_question_length=6, stride=stride
    )


def spans_of(questions, first, last):
    """Returns the spans of one row as the decoding would find them, for its first window."""
    prefix, start = questions.windows.prefixes[0], questions.windows.starts[0]
    return Spans(
        scores=tf.zeros((1, 1)),
        starts=(first - prefix + start)[None, None],
        ends=(last - prefix + start)[None, None],
        is_real=tf.constant([[True]]),
        null_scores=tf.zeros(1),
    )


@pytest.mark.parametrize("name", TEXTS)
def test_an_answer_is_found_in_the_window_and_in_the_text_again(tokenizer, name):
    context, answer = TEXTS[name]
    start = context.index(answer)
    questions = cut(tokenizer, ["What is it?"], [context], max_length=256)
    first, last = answer_tokens(questions, tf.constant([start]), tf.constant([start + len(answer)]))
    assert 0 < first[0] <= last[0]
    begin, end = locate(questions, spans_of(questions, first[0], last[0]), 1)
    assert (int(begin[0, 0]), int(end[0, 0])) == (start, start + len(answer))


def test_windows_that_do_not_hold_the_whole_answer_point_to_the_first_token(tokenizer):
    start = NORMANS.index("France")
    questions = cut(tokenizer, ["Where?"], [NORMANS], max_length=16, stride=4)
    first, last = answer_tokens(questions, tf.constant([start]), tf.constant([start + 6]))
    pieces = questions.context.starts[0].numpy().tolist()
    place = next(
        index for index, piece in enumerate(pieces) if questions.context.ends[0][index] > start
    )
    windows = questions.windows
    assert len(windows.rows) > 2
    for window in range(len(windows.rows)):
        inside = (
            int(windows.starts[window])
            <= place
            < int(windows.starts[window] + windows.lengths[window])
        )
        assert bool(first[window] > 0) <= inside
        assert bool(first[window] > 0) == bool(last[window] > 0)
    assert max(first.numpy()) > 0


def test_no_answer_points_to_the_first_token(tokenizer):
    questions = cut(tokenizer, ["Where?"], [NORMANS])
    first, last = answer_tokens(questions, tf.constant([-1]), tf.constant([-1]))
    assert not first.numpy().any()
    assert not last.numpy().any()


def test_a_long_question_is_cut(tokenizer):
    questions = cut(tokenizer, ["in which region of France was it " * 9], [NORMANS])
    assert int(questions.windows.prefixes[0]) == 6 + 2


def test_a_question_takes_half_of_a_short_window_at_most(tokenizer):
    questions = cut(tokenizer, ["in which region of France was it " * 9], [NORMANS], max_length=9)
    assert int(questions.windows.prefixes[0]) == 3 + 2


def test_rows_of_one_context_have_the_same_pieces(tokenizer):
    alone = cut(tokenizer, ["Where?"], [NORMANS])
    shared = cut(tokenizer, ["Who?", "What?", "Where?"], [NORMANS, "Another.", NORMANS])
    assert shared.context.ids[2].numpy().tolist() == alone.context.ids[0].numpy().tolist()
    ids = shared.packed[keys.TOKEN_IDS]
    count = int(tf.reduce_sum(tf.cast(alone.windows.rows == 0, tf.int32)))
    assert ids[-count:].to_list() == alone.packed[keys.TOKEN_IDS].to_list()


@pytest.mark.parametrize("context", ["", " \n\t ", "\u0301\u0301"])
def test_a_context_without_a_piece_is_one_empty_window(tokenizer, context):
    questions = cut(tokenizer, ["Where?"], [context])
    assert questions.windows.lengths.numpy().tolist() == [0]
    spans = spans_of(questions, 3, 3)._replace(is_real=tf.constant([[False]]))
    start, end = locate(questions, spans, 1)
    assert (int(start[0, 0]), int(end[0, 0])) == (0, 0)
