import pytest
import tensorflow as tf

from models.tagging.alignment import parse_entities, tag_words
from models.tagging.words import find_words

TYPES = ("person", "place")


def tags_of(*rows):
    """Returns the tags of the words of (text, joined entities)."""
    texts, entities = (tf.constant(part, tf.string) for part in zip(*rows, strict=True))
    words = find_words(texts, split_punctuation=True)
    tags = tag_words(
        words.starts.value_rowids(),
        words.starts.flat_values,
        words.ends.flat_values,
        parse_entities(entities, TYPES),
    )
    return words.starts.with_flat_values(tags).to_list()


@pytest.mark.parametrize(
    ("text", "entities", "tags"),
    [
        ("Ann in New York", "0:3:person 7:15:place", [1, 0, 3, 4]),
        ("Ann Bob", "0:3:person 4:7:person", [1, 1]),
        ("Ann", "", [0]),
        ("", "", []),
        ("U.S. now", "0:4:place", [3, 4, 4, 4, 0]),
        ("in Paris.", "3:8:place", [0, 3, 0]),
        ("Parisian", "0:5:place", [3]),
        ("AnnBob", "0:3:person 3:6:place", [1]),
        ("an  old  man", "4:12:person", [0, 1, 2]),
    ],
)
def test_tags_of_a_text(text, entities, tags):
    assert tags_of((text, entities)) == [tags]


def test_rows_do_not_touch():
    assert tags_of(("a b", "0:1:person"), ("", ""), ("a b", ""), ("a b", "2:3:place")) == [
        [1, 0],
        [],
        [0, 0],
        [0, 3],
    ]


def test_entities_are_read_as_they_were_joined():
    entities = parse_entities(tf.constant(["", "0:3:place 4:12:person"]), TYPES)
    assert entities.starts.to_list() == [[], [0, 4]]
    assert entities.ends.to_list() == [[], [3, 12]]
    assert entities.type_ids.to_list() == [[], [1, 0]]


def test_no_rows():
    assert parse_entities(tf.constant([], tf.string), TYPES).starts.to_list() == []
