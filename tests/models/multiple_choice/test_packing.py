import numpy as np
import pytest
import tensorflow as tf

from models.multiple_choice.packing import pack_options, pad_options
from schemas import features as keys

PASSAGE = "The film was long, dull and entirely without charm."


def features(passages, questions, options):
    return {
        keys.PASSAGE: tf.constant(passages),
        keys.QUESTION: tf.constant(questions),
        keys.OPTIONS: tf.ragged.constant(options, dtype=tf.string, ragged_rank=1),
    }


def packed(tokenizer, passages, questions, options, *, max_length=64, max_qa_length=32):
    return pack_options(
        features(passages, questions, options),
        tokenizer,
        max_length=max_length,
        max_qa_length=max_qa_length,
    )


def ids(tokenizer, text):
    return tokenizer(tf.constant([text])).to_list()[0]


def by_hand(tokenizer, passage, answered, max_length=64, max_qa_length=32):
    """One option's tokens and segments, in plain Python."""
    second = ids(tokenizer, answered)[-min(max_qa_length, max_length - 4) :]
    first = ids(tokenizer, passage)[: max_length - 3 - len(second)]
    tokens = [tokenizer.cls_id, *first, tokenizer.sep_id, *second, tokenizer.sep_id]
    return tokens, [0] * (len(first) + 2) + [1] * (len(second) + 1)


@pytest.mark.parametrize(
    ("question", "option", "answered"),
    [
        ("What was dull ?", "the film", "What was dull ? the film"),
        ("_ was dull .", "The film", "The film was dull ."),
        ("The film was __ and _ .", "long", "The film was long and _ ."),
        ("It is _", "dull", "It is dull"),
        ("two\nlines _ ?", "a", "two\nlines a ?"),
    ],
)
def test_option_follows_the_question_or_fills_its_blank(question, option, answered, tokenizer):
    rows = packed(tokenizer, [PASSAGE], [question], [[option, "x"]])
    tokens, segments = by_hand(tokenizer, PASSAGE, answered)
    length = rows[keys.OPTION_LENGTHS].to_list()[0][0]
    assert length == len(tokens)
    assert rows[keys.TOKEN_IDS].to_list()[0][:length] == tokens
    assert rows[keys.SEGMENT_IDS].to_list()[0][:length] == segments


@pytest.mark.parametrize(("max_length", "max_qa_length"), [(16, 8), (12, 32), (24, 20)])
def test_passage_is_cut_for_the_question_and_the_question_at_its_start(
    max_length, max_qa_length, tokenizer
):
    limits = {"max_length": max_length, "max_qa_length": max_qa_length}
    question, options = PASSAGE + " And who laughed ?", ["nobody", "the audience and he"]
    rows = packed(tokenizer, [PASSAGE], [question], [options], **limits)
    expected = [by_hand(tokenizer, PASSAGE, f"{question} {one}", **limits) for one in options]
    assert rows[keys.OPTION_LENGTHS].to_list() == [[len(tokens) for tokens, _ in expected]]
    assert rows[keys.TOKEN_IDS].to_list() == [[token for tokens, _ in expected for token in tokens]]
    assert max(rows[keys.OPTION_LENGTHS].to_list()[0]) <= max_length
    ends = [tokens[-2] for tokens, _ in expected]
    assert ends == [ids(tokenizer, one)[-1] for one in options]


def test_rows_of_unlike_many_options_are_padded(tokenizer):
    rows = packed(
        tokenizer, ["a film", PASSAGE], ["who ?", "what ?"], [["a", "b", "c"], ["long", "dull"]]
    )
    padded = pad_options(rows)
    lengths = rows[keys.OPTION_LENGTHS].to_list()
    longest = max(map(max, lengths))
    assert padded[keys.PADDING_MASK].shape == (2, 3, longest)
    assert padded[keys.PADDING_MASK].numpy().sum(axis=2).tolist() == [lengths[0], [*lengths[1], 0]]
    flat = rows[keys.TOKEN_IDS].to_list()[1]
    np.testing.assert_array_equal(
        padded[keys.TOKEN_IDS][1, 1, : lengths[1][1]], flat[lengths[1][0] :]
    )


def test_an_empty_option_has_no_token(tokenizer):
    rows = packed(tokenizer, ["a film"], ["who ?"], [["a", "", "b"]])
    first, second, third = rows[keys.OPTION_LENGTHS].to_list()[0]
    assert (first > 0, second, third > 0) == (True, 0, True)


@pytest.mark.parametrize("options", [[[], []], [["", ""], ["a", "b"]]])
def test_rows_without_options_are_padded_too(options, tokenizer):
    padded = pad_options(packed(tokenizer, ["", "a"], ["", ""], options))
    assert padded[keys.TOKEN_IDS].shape[0] == 2
    assert min(padded[keys.TOKEN_IDS].shape) > 0


def test_no_rows(tokenizer):
    empty = {name: tf.zeros([0], tf.string) for name in (keys.PASSAGE, keys.QUESTION)}
    empty[keys.OPTIONS] = tf.RaggedTensor.from_row_lengths(tf.zeros([0], tf.string), [])
    padded = pad_options(pack_options(empty, tokenizer, max_length=16, max_qa_length=8))
    assert padded[keys.TOKEN_IDS].shape == (0, 1, 1)
