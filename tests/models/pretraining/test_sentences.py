import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pretraining.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ('He said "Stop." She did.', ['He said "Stop."', "She did."]),
        ("It ended. (Or so. They say.)", ["It ended.", "(Or so.", "They say.)"]),
        ("In 1990. 25 came.", ["In 1990.", "25 came."]),
        ("Mr. Jones of Acme Inc. met J. R. Smith.", ["Mr. Jones of Acme Inc. met J. R. Smith."]),
        ("See e.g. Figure 2 vs. Table 3.", ["See e.g. Figure 2 vs. Table 3."]),
        ("So did I. Then we left.", ["So did I.", "Then we left."]),
        ("Wait... What? No.", ["Wait...", "What?", "No."]),
        ("a stirring , funny film . it moves", ["a stirring , funny film . it moves"]),
        ("Pi is 3.14. Really", ["Pi is 3.14.", "Really"]),
        ("第一句。第二句！「第三句。」第四句", ["第一句。", "第二句！", "「第三句。」第四句"]),
        ("אחת. שתיים.", ["אחת.", "שתיים."]),
        ("one\n\n two \r\nthree", ["one", "two", "three"]),
        (" \n\t", []),
        ("", []),
        ("...", ["..."]),
    ],
)
def test_rules(text, sentences):
    assert split_sentences(text) == sentences


@given(st.text(alphabet="aB1.!?… \"')(\n。 "))
def test_nothing_is_lost_but_white_space(text):
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() and sentence for sentence in sentences)


@given(st.text())
def test_a_sentence_is_not_split_again(text):
    for sentence in split_sentences(text):
        assert split_sentences(sentence) == [sentence]
