import pytest

from serving.client.answers import ContextAnswer, Tagging, typed_answer
from serving.entities import Entity, Span, to_entities

OUTPUTS = {
    "types": ["person", "place", ""],
    "texts": ["Anna", "Åle\u0301sund", ""],
    "starts": [0, 8, -1],
    "ends": [4, 16, -1],
    "scores": [0.9, 0.8, 0.0],
    "entities": "0:4:person 8:16:place",
}
FOUND = (Entity("person", "Anna", 0, 4, 0.9), Entity("place", "Åle\u0301sund", 8, 16, 0.8))


def test_fillers_are_no_entities():
    assert to_entities(OUTPUTS) == FOUND


def test_a_client_gets_entities():
    answer = typed_answer(OUTPUTS)
    assert isinstance(answer, Tagging)
    assert answer.found == FOUND


@pytest.mark.parametrize(
    "outputs", [{name: [] for name in OUTPUTS}, {**OUTPUTS, "types": [""] * 3}]
)
def test_a_text_without_entities(outputs):
    assert typed_answer(outputs).found == ()


def test_a_client_gets_the_best_spans_beside_the_answer():
    answer = {"answer": "", "start": -1, "end": -1, "score": 0.6, "no_answer": True}
    answer["no_answer_probability"] = 0.6
    alone = typed_answer(answer)
    assert isinstance(alone, ContextAnswer)
    assert alone.spans == ()
    lists = {"texts": ["Caen", ""], "starts": [4, -1], "ends": [8, -1], "scores": [0.3, 0.0]}
    assert typed_answer(answer | lists).spans == (Span("Caen", 4, 8, 0.3),)
