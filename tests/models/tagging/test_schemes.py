import pytest

from models.tagging.schemes import TagError, find_entities

SENTENCE = [(0, 1, "per"), (3, 3, "loc"), (4, 5, "loc"), (6, 6, "per")]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("iob", "I-per I-per O I-loc B-loc I-loc I-per"),
        ("iob", "B-per I-per O B-loc B-loc I-loc B-per"),
        ("iob2", "B-per I-per O B-loc B-loc I-loc B-per"),
        ("bilou", "B-per L-per O U-loc B-loc L-loc U-per"),
        ("bilou", "B-per E-per O S-loc B-loc E-loc S-per"),
    ],
)
def test_one_sentence_in_every_scheme(scheme, tags):
    assert find_entities(tags.split(), scheme) == SENTENCE


def test_long_entities_in_bilou():
    assert find_entities(["B-a", "I-a", "I-a", "L-a"], "bilou") == [(0, 3, "a")]


@pytest.mark.parametrize("scheme", ["iob", "iob2", "bilou"])
def test_no_entity(scheme):
    assert find_entities(["O", "O"], scheme) == find_entities([], scheme) == []


def test_a_type_may_hold_a_hyphen():
    assert find_entities(["B-creative-work"], "iob2") == [(0, 0, "creative-work")]


@pytest.mark.parametrize(
    ("scheme", "tags", "message"),
    [
        ("iob2", "I-a", "received 'I-a' after 'the start'; set task.scheme to iob"),
        ("iob2", "O I-a", "received 'I-a' after 'O'"),
        ("iob2", "B-a I-b", "received 'I-b' after 'B-a'"),
        ("bilou", "B-a", "received 'the end' after 'B-a'"),
        ("bilou", "B-a O", "received 'O' after 'B-a'"),
        ("bilou", "B-a L-b", "received 'L-b' after 'B-a'"),
        ("bilou", "I-a L-a", "received 'I-a' after 'the start'"),
        ("bilou", "B-a L-a L-a", "received 'L-a' after 'L-a'"),
        ("bilou", "B-a U-a", "received 'U-a' after 'B-a'"),
        ("iob", "L-a", "O or one of B-TYPE, I-TYPE; received 'L-a'"),
        ("bilou", "X-a", "U-TYPE, E-TYPE, S-TYPE; received 'X-a'"),
        ("iob", "B-", "received 'B-'"),
        ("iob", "B", "received 'B'"),
        ("iob", "-a", "received '-a'"),
        ("iob", "BI-a", "received 'BI-a'"),
        ("iob", "o", "received 'o'"),
    ],
)
def test_invalid_sequences(scheme, tags, message):
    with pytest.raises(TagError, match=message):
        find_entities(tags.split(), scheme)
