import random
from pathlib import Path

import pytest

from pipeline.init.columns import profile_column
from pipeline.init.roles import guess_roles
from schemas.errors import UserError

_NUM_ROWS = 120


@pytest.fixture
def cells(messages):
    """A column of each kind."""
    chance = random.Random(2)
    texts, labels = zip(*messages[:_NUM_ROWS], strict=True)
    return {
        "text": texts,
        "label": labels,
        "other text": tuple(reversed(texts)),
        "id": tuple(f"x{number:05}" for number in range(_NUM_ROWS)),
        "row number": tuple(str(number) for number in range(_NUM_ROWS)),
        "topic": tuple(chance.choice(("bill", "ship", "tech")) for _ in range(_NUM_ROWS)),
        "priority": tuple(chance.choice("lmh") for _ in range(_NUM_ROWS)),
        "score": tuple(f"{chance.uniform(0, 5):.2f}" for _ in range(_NUM_ROWS)),
        "code": tuple("1" if label == "good" else "0" for label in labels),
        "constant": ("en",) * _NUM_ROWS,
        "empty": ("",) * _NUM_ROWS,
        "years": tuple(str(chance.randrange(1900, 2000)) for _ in range(_NUM_ROWS)),
    }


@pytest.fixture
def guess(cells):
    """Guesses the roles of columns, given as `kind` or `kind=name`."""

    def guess_columns(*columns, **named):
        parts = (column.partition("=") for column in columns)
        kinds = {name or kind: kind for kind, _, name in parts}
        rows = [
            {name: cells[kind][number] for name, kind in kinds.items()}
            for number in range(_NUM_ROWS)
        ]
        profiles = [profile_column(name, rows) for name in kinds]
        return guess_roles(Path("rows.csv"), profiles, rows, **named)

    return guess_columns


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        (("text", "label"), "text", "label"),
        (("label=b", "text=a"), "a", "b"),
        (("id", "text", "label", "topic"), "text", "label"),
        (("text", "topic", "constant", "score"), "text", "topic"),
        (("text", "code"), "text", "code"),
        (("text", "row number", "priority"), "text", "priority"),
        (("text", "label=mood", "topic"), "text", "topic"),  # a usual name wins
    ],
)
def test_text_and_label_are_found(guess, columns, text, label):
    roles = guess(*columns)
    assert (roles.text, roles.label) == (text, label)


def test_other_columns_of_few_values_become_slices(guess):
    roles = guess("id", "text", "label", "topic", "code", "constant", "empty")
    assert roles.slices == ("topic",)
    assert roles.unused == {
        "id": "120 different values",
        "code": "says the same as the label",
        "constant": "one value only",
        "empty": "empty",
    }


def test_no_more_than_five_slices(guess):
    roles = guess("text", "label", *(f"topic=t{number}" for number in range(7)))
    assert roles.slices == ("t0", "t1", "t2", "t3", "t4")
    assert roles.unused["t6"] == "5 columns to slice by are enough"


def test_of_two_columns_that_say_the_same_the_words_are_learned(guess):
    roles = guess("text", "code", "label=word")
    assert roles.label == "word"


def test_the_user_has_the_last_word(guess):
    roles = guess("text", "other text", "label", "topic", text="other text", label="topic")
    assert (roles.text, roles.label) == ("other text", "topic")
    assert roles.slices == ("label",)


@pytest.mark.parametrize(
    ("columns", "named", "message"),
    [
        (("text", "other text", "label"), {}, r"two texts a row .*name it: --text"),
        (("text", "score"), {}, r"regression \(score holds numbers .*--label NAME"),
        (("text", "score=label", "topic"), {}, r"regression \(label holds"),
        (("text", "score"), {"label": "score"}, r"regression \(score holds"),
        (("text",), {}, "there is only text, in text; a second column must hold the label"),
        (("text", "id"), {}, r"no column looks like a label .*id \(120 .*--label NAME"),
        (("text", "row number"), {}, "no column looks like a label"),
        (("text", "years"), {}, "no column looks like a label"),
        (("text", "topic", "priority"), {}, r"several columns could be .*topic.*priority.*--label"),
        (("score", "label"), {"label": "label"}, r"no column looks like text; there are score"),
        (("text", "label", "id"), {"label": "id"}, r"which repeat; id has 120 values in 120 rows"),
        (("text", "empty"), {"label": "empty"}, "empty is empty; name another"),
        (("text", "label"), {"text": "text", "label": "text"}, "must be two columns"),
    ],
)
def test_columns_without_clear_roles_are_refused(guess, columns, named, message):
    with pytest.raises(UserError, match=message):
        guess(*columns, **named)


def test_a_column_of_one_value_is_taken_for_the_label_where_there_is_no_other(guess):
    assert guess("text", "constant").label == "constant"
