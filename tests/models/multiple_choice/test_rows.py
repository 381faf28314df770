import pytest

from models.multiple_choice.rows import encode_question, same_question
from models.tasks.base import RowError
from schemas import features as keys
from schemas.errors import UserError

ROW = {
    "passage": "Ann has a red hat.",
    "question": "Who has a hat ?",
    "options": ["Ann", "Bob ", "Cid"],
    "answer": "A",
}


def test_question():
    assert encode_question(ROW | {"level": "high", "source": "web"}) == {
        keys.PASSAGE: b"Ann has a red hat.",
        keys.QUESTION: b"Who has a hat ?",
        keys.OPTIONS: [b"Ann", b"Bob ", b"Cid"],
        keys.LABEL_ID: 0,
        keys.LEVEL: b"high",
        keys.NUM_OPTIONS: b"3",
        keys.QUESTION_LENGTH: b"1-8",
        "source": b"web",
    }


def test_question_without_answer_and_level():
    features = encode_question({name: ROW[name] for name in ("passage", "question", "options")})
    assert keys.LABEL_ID not in features
    assert features[keys.LEVEL] == b"unknown"


def test_the_level_stands_in_the_id_of_an_article():
    assert encode_question(ROW | {"level": "middle7.txt"})[keys.LEVEL] == b"middle"


@pytest.mark.parametrize(("answer", "index"), [("A", 0), ("c", 2), (" 1 ", 1), ("2", 2)])
def test_answers(answer, index):
    assert encode_question(ROW | {"answer": answer})[keys.LABEL_ID] == index


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"answer": "D"}, "answer_out_of_range", "a letter from A to C, or a number from 0 to 2;"),
        ({"answer": "3"}, "answer_out_of_range", "received '3'"),
        ({"answer": "-1"}, "answer_out_of_range", "received '-1'"),
        ({"answer": ""}, "answer_out_of_range", "received ''"),
        ({"answer": "Ann"}, "answer_out_of_range", "received 'Ann'"),
        ({"options": ["Ann"]}, "too_few_options", r"two options or more; received \['Ann'\]"),
        ({"options": []}, "too_few_options", r"received \[\]"),
        (
            {"options": "Ann, Bob"},
            "invalid_options",
            "must be a list of texts; received 'Ann, Bob'",
        ),
        ({"options": ["Ann", ["Bob"]]}, "invalid_options", "must be a list of texts"),
        ({"options": ["Ann", " "]}, "empty_option", "must hold a text"),
        ({"options": ["Ann", "Bob", "Ann "]}, "repeated_option", "the options must differ"),
        ({"passage": " "}, "empty_text", "the passage must hold a character"),
        ({"question": ""}, "empty_text", "the question must hold a character"),
    ],
)
def test_rows_that_are_no_question(change, reason, message):
    with pytest.raises(RowError, match=message) as caught:
        encode_question(ROW | change)
    assert caught.value.reason == reason


def test_columns_with_the_name_of_a_feature():
    with pytest.raises(UserError, match=r"received \['label_id', 'row_id'\]; rename them"):
        encode_question(ROW | {"label_id": "0", "row_id": "1"})


def test_questions_that_differ_in_an_option_are_not_the_same():
    first, second, third = (
        same_question(encode_question(ROW | change))
        for change in ({}, {"options": ["ANN", "bob", "Cid"]}, {"options": ["Ann", "Bob", "Dan"]})
    )
    assert first == second
    assert first != third
