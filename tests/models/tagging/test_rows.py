import pytest

from models.tagging.rows import read_row, word_tags
from models.tagging.spans import Span, join_spans, split_spans
from models.tasks.base import RowError

TYPES = ("person", "place")


def read(row, scheme="iob", tags=()):
    return read_row(row, types=TYPES, scheme=scheme, tags=tags)


def span(start, end, kind="person"):
    """An entity as the JSONL format gives it: its numbers are text."""
    return {"start": str(start), "end": str(end), "type": kind}


def test_words_are_joined_by_one_space():
    row = {
        "words": ["New", "York", "👩‍👧", "שלום"],
        "tags": ["B-place", "I-place", "O", "B-person"],
    }
    text, spans = read(row)
    assert text == "New York 👩‍👧 שלום"
    assert [text[start:end] for start, end, _ in spans] == ["New York", "שלום"]


def test_numbers_are_tags_by_their_names():
    names = ("O", "B-place", "I-place")
    row = {"words": ["in", "New", "York"], "tags": ["0", "1", "I-place"]}
    assert read(row, tags=names)[1] == [Span(3, 11, "place")]
    for tag, tags in (("3", names), ("1", ())):
        with pytest.raises(RowError, match=f"received '?{tag}") as caught:
            read({"words": ["a"], "tags": [tag]}, tags=tags)
        assert caught.value.reason == "invalid_tags"


def test_a_span_may_have_a_label_for_its_type():
    entity = {"start": "0", "end": "3", "label": "person"}
    assert read({"text": "Ann", "entities": [entity]})[1] == [Span(0, 3, "person")]


def test_spans_are_sorted():
    text, spans = read({"text": "Ann in Rome", "entities": [span(7, 11, "place"), span(0, 3)]})
    assert (text, spans) == ("Ann in Rome", [Span(0, 3, "person"), Span(7, 11, "place")])


def test_a_row_without_tags_names_no_entities():
    assert read({"text": "Ann"}) == ("Ann", None)
    assert read({"words": ["Ann"]}) == ("Ann", None)
    assert read({"text": "Ann", "entities": []}) == ("Ann", [])


@pytest.mark.parametrize(
    ("row", "reason", "message"),
    [
        ({}, "empty_text", "must have words, or a text"),
        ({"text": " \u3000"}, "empty_text", "not only white space"),
        ({"words": [], "tags": []}, "empty_text", "must have words"),
        ({"words": ["a", ""], "tags": ["O", "O"]}, "empty_word", "every word"),
        ({"words": ["a", {}], "tags": ["O", "O"]}, "invalid_value", "a list of texts"),
        ({"words": ["a"], "tags": ["O", "O"]}, "tag_count", "received 1 words, 2 tags"),
        ({"text": "a", "tags": ["O"]}, "tag_count", "received 0 words, 1 tags"),
        ({"text": "a b", "words": ["a"], "tags": ["O"]}, "invalid_value", "leave it out"),
        ({"words": ["a"], "tags": ["X"]}, "invalid_tags", "received 'X'"),
        ({"words": ["a"], "tags": ["B-animal"]}, "unknown_label", r"person, place.*\['animal'\]"),
        ({"text": "Ann", "entities": [span(0, 3, "animal")]}, "unknown_label", "animal"),
        ({"text": "Ann", "entities": "x"}, "invalid_span", "must be a list"),
        ({"text": "Ann", "entities": ["x"]}, "invalid_span", "start and end"),
        ({"text": "Ann", "entities": [{"start": "0"}]}, "invalid_span", "start and end"),
        ({"text": "Ann", "entities": [span("x", 3)]}, "invalid_span", "whole numbers"),
        ({"text": "Ann", "entities": [span(0, 4)]}, "invalid_span", "3 characters.*0 to 4"),
        ({"text": "Ann", "entities": [span(2, 2)]}, "invalid_span", "received 2 to 2"),
        ({"text": "Ann", "entities": [span(-1, 2)]}, "invalid_span", "received -1 to 2"),
        (
            {"text": "Ann B", "entities": [span(0, 4)]},
            "invalid_span",
            "white space; received 'Ann '",
        ),
        (
            {"text": "Ann Bo", "entities": [span(0, 6), span(4, 6, "place")]},
            "overlapping_entities",
            "person from 0 to 6 and place from 4 to 6",
        ),
    ],
)
def test_rejected_rows(row, reason, message):
    with pytest.raises(RowError, match=message) as caught:
        read(row)
    assert caught.value.reason == reason


def test_an_invalid_sequence_is_rejected_where_the_scheme_is_strict():
    row = {"words": ["a"], "tags": ["I-place"]}
    assert read(row)[1] == [Span(0, 1, "place")]
    with pytest.raises(RowError, match="in IOB2") as caught:
        read(row, scheme="iob2")
    assert caught.value.reason == "invalid_tags"


def test_the_tags_that_stand_in_a_text():
    spans = [Span(0, 3, "person"), Span(7, 15, "place"), Span(16, 19, "person")]
    assert word_tags("Ann in New York Bob", spans) == ["O", "B-person", "B-place", "I-place"]
    assert word_tags("Ann", [Span(0, 3, "person")]) == ["B-person"]


@pytest.mark.parametrize("spans", [[], [Span(0, 1, "a:b")], [Span(3, 70, "x"), Span(71, 72, "y")]])
def test_joined_spans_are_split_again(spans):
    assert split_spans(join_spans(spans)) == spans
