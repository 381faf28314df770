import pytest

from serving.client.answers import Tagging, typed_answer
from serving.entities import Entity, to_entities

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
