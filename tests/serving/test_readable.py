import pytest

from serving.readable import readable

FILLED_UP = {
    "tagging": (
        {"types": ["person", ""], "texts": ["Anna", ""], "starts": [0, -1], "ends": [4, -1]}
        | {"scores": [0.9, 0.0], "entities": "0:4:person"},
        {
            "entities": [
                {"type": "person", "text": "Anna", "start": 0, "end": 4, "score": 0.9},
            ]
        },
    ),
    "a text without entities": (
        {"types": [""], "texts": [""], "starts": [-1], "ends": [-1], "scores": [0.0]},
        {"entities": []},
    ),
    "question answering": (
        {"answer": "", "start": -1, "texts": ["Caen", ""], "starts": [4, -1], "ends": [8, -1]}
        | {"scores": [0.3, 0.0]},
        {
            "answer": "",
            "start": -1,
            "spans": [{"text": "Caen", "start": 4, "end": 8, "score": 0.3}],
        },
    ),
    "multiple choice": (
        {"index": 1, "option": "b", "probabilities": [0.0, 1.0, 0.0, 0.0]},
        {"index": 1, "option": "b", "probabilities": [0.0, 1.0]},
    ),
    "multilabel": (
        {"chosen": ["a", "", ""], "probabilities": [0.9, 0.0, 0.0], "labels": ["a", "b", "c"]},
        {"chosen": ["a"], "probabilities": [0.9, 0.0, 0.0], "labels": ["a", "b", "c"]},
    ),
    "pretraining": (
        {"tokens": [["a", "b"], ["", ""]], "scores": [[0.5, 0.1], [0, 0]], "in_order": -1.0},
        {"tokens": [["a", "b"]], "scores": [[0.5, 0.1]], "in_order": -1.0},
    ),
}


@pytest.mark.parametrize(("outputs", "expected"), FILLED_UP.values(), ids=FILLED_UP)
def test_fillers_are_left_out(outputs, expected):
    assert readable(outputs) == expected


@pytest.mark.parametrize(
    "outputs",
    [
        {"label": "good", "probability": 1.0, "probabilities": [1.0, 0.0], "labels": ["a", "b"]},
        {"score": 0.0},
        {"answer": "", "start": -1, "end": -1, "score": 0.0, "no_answer": True},
    ],
)
def test_other_answers_stay_as_they_are(outputs):
    assert readable(outputs) == outputs
