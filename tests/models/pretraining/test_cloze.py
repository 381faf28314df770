import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from models.normalization import normalize
from models.pretraining.cloze import MASK, has_word, make_cloze, normalized

SENTENCES = [f"Sentence {number} has some more words, and a comma." for number in range(8)]


def filled(cloze, words):
    """The text with words in the place of the masks."""
    parts = cloze.text.split(MASK)
    assert len(parts) == len(words) + 1
    return "".join(part + word for part, word in zip(parts, [*words, ""], strict=True))


def test_hidden_words_fill_the_text_again():
    cloze = make_cloze(SENTENCES)
    lines = filled(cloze, cloze.hidden_words).split("\n")
    lines = lines[::-1] if cloze.sentence_order == 1 else lines
    assert " ".join(lines).lower() == " ".join(SENTENCES).lower()
    assert len(cloze.hidden_words) == round(0.15 * 9 * 8)


def test_the_same_text_is_always_asked_in_the_same_way():
    # Run anew these must not change: evaluations of older versions would not compare.
    assert make_cloze(["A fine film, and funny.", "It is long."]) == make_cloze(
        ["A fine film, and funny.", "It is long."]
    )


def test_half_of_the_pairs_are_swapped_and_words_differ():
    clozes = [make_cloze([f"First {number}", f"Second {number}"]) for number in range(400)]
    swapped = [cloze.sentence_order for cloze in clozes]
    assert sum(swapped) / 400 == pytest.approx(0.5, abs=0.1)
    for cloze in clozes:
        first = cloze.text.split("\n")[cloze.sentence_order]
        assert not first.startswith("Second")
    assert {cloze.hidden_words[0] for cloze in clozes} > {"first", "second"}


def test_one_sentence_has_one_line_and_no_order():
    cloze = make_cloze(["Only one, here."])
    assert cloze.sentence_order == -1
    assert "\n" not in cloze.text


@pytest.mark.parametrize(("text", "expected"), [("a", True), ("...", False), ("_ –", False)])
def test_what_has_a_word(text, expected):
    assert has_word(text) is expected
    assert bool(make_cloze([text]).hidden_words) is expected


def test_a_mask_that_is_written_in_the_text_is_not_asked_for():
    cloze = make_cloze(["BERT writes [MASK] for a word"])
    assert cloze.text.count(MASK) == len(cloze.hidden_words) == 1


@given(st.lists(st.text(st.characters(exclude_characters="\n")), min_size=1, max_size=4))
def test_a_mask_for_every_hidden_word_of_any_text(sentences):
    cloze = make_cloze(sentences)
    assert cloze.text.count(MASK) == len(cloze.hidden_words)
    assert (cloze.sentence_order == -1) == (len(sentences) == 1)


@pytest.mark.parametrize("word", ["Crème", "STRASSE", "naïve", "ﬁne", "Αθήνα", "I"])
def test_words_are_normalised_as_in_the_graph(word):
    assert normalized(word) == normalize(tf.constant(word)).numpy().decode()
