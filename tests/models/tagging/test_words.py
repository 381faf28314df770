import pytest
import tensorflow as tf

from models.tagging.words import NO_WORD, find_words, first_pieces, valid_text

CASES = [
    ("", []),
    (" \t\u3000\n", []),
    ("New  York\u3000City", ["New", "York", "City"]),
    ("(York), U.S.", ["(", "York", ")", ",", "U", ".", "S", "."]),
    ("it's £5, -joe.", ["it", "'", "s", "£", "5", ",", "-", "joe", "."]),
    ("Cafe\u0301 e\u0301te\u0301", ["Cafe\u0301", "e\u0301te\u0301"]),
    ("שָׁלוֹם עולם مرحبا", ["שָׁלוֹם", "עולם", "مرحبا"]),
    ("a🎬b", ["a", "🎬", "b"]),
]


# Characters that the vocabulary does not know, several of them in one unknown piece.
UNKNOWN = ("東京 ひと 서울 @_", ["東", "京", "ひ", "と", "서울", "@", "_"])


def words_of(text, **options):
    words = find_words(tf.constant([text]), **{"split_punctuation": True, **options})
    spans = zip(words.starts.to_list()[0], words.ends.to_list()[0], strict=True)
    return [text[start:end] for start, end in spans]


def pieces_of(tokenizer, text, **options):
    """Returns the words at first pieces, and for every piece whether it is one."""
    texts = tf.constant([text])
    found = first_pieces(
        texts, tokenizer.with_offsets(texts), **{"split_punctuation": True, **options}
    )
    starts, ends = (offsets.to_list()[0] for offsets in found)
    pairs = list(zip(starts, ends, strict=True))
    return [text[start:end] for start, end in pairs if start != NO_WORD], [
        start != NO_WORD for start in starts
    ]


@pytest.mark.parametrize(("text", "words"), [*CASES, UNKNOWN])
def test_words_of_raw_text(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(("text", "words"), CASES)
def test_words_of_pieces_are_those_of_the_text(tokenizer, text, words):
    assert pieces_of(tokenizer, text)[0] == words


def test_words_that_share_an_unknown_piece_are_one(tokenizer):
    assert pieces_of(tokenizer, UNKNOWN[0])[0] == UNKNOWN[0].split()


def test_words_between_white_space_only(tokenizer):
    text = "it's (New  York)."
    assert words_of(text, split_punctuation=False) == ["it's", "(New", "York)."]
    assert pieces_of(tokenizer, text, split_punctuation=False)[0] == ["it's", "(New", "York)."]


def test_one_piece_of_each_word_is_the_first(tokenizer):
    words, is_first = pieces_of(tokenizer, "extraordinarily dull 🎬")
    assert words == ["extraordinarily", "dull", "🎬"]
    assert is_first[0]
    assert sum(is_first) == 3 < len(is_first)


def test_marks_before_the_first_letter_belong_to_no_word(tokenizer):
    assert pieces_of(tokenizer, "\u0301\u0301a b")[0] == ["a", "b"]


@pytest.mark.parametrize("text", ["\u0301", "\u0301\u0323 \u0301", "\u200b \ufeff"])
def test_text_without_a_visible_character_has_no_word(tokenizer, text):
    assert pieces_of(tokenizer, text)[0] == []


def test_a_batch_has_the_words_of_each_text(tokenizer):
    texts = tf.constant([text for text, _ in CASES])
    words = find_words(texts, split_punctuation=True)
    starts, ends = first_pieces(texts, tokenizer.with_offsets(texts), split_punctuation=True)
    spans, pieces = (
        [list(zip(*row, strict=True)) for row in zip(first.to_list(), last.to_list(), strict=True)]
        for first, last in (words, (starts, ends))
    )
    for (text, expected), row, found in zip(CASES, spans, pieces, strict=True):
        assert [text[start:end] for start, end in row] == expected
        assert [pair for pair in found if pair[0] != NO_WORD] == row


def test_bytes_that_are_no_utf8_count_as_one_each_and_are_no_word(tokenizer):
    texts = tf.constant([b"a \xe9 b"])
    (valid,) = (text.decode() for text in valid_text(texts).numpy())
    starts, ends = first_pieces(texts, tokenizer.with_offsets(texts), split_punctuation=True)
    spans = zip(starts.to_list()[0], ends.to_list()[0], strict=True)
    words = [(start, valid[start:end]) for start, end in spans if start != NO_WORD]
    assert words == [(0, "a"), (4, "b")]


def test_no_texts(tokenizer):
    texts = tf.constant([], tf.string)
    assert find_words(texts, split_punctuation=True).starts.nrows() == 0
    starts, _ = first_pieces(texts, tokenizer.with_offsets(texts), split_punctuation=True)
    assert starts.nrows() == 0
