import numpy as np
import pytest

from components.serving_check.outputs import difference, stack


def texts(*rows):
    return np.array(rows, dtype=object)


SHORT = {"score": np.array([[0.5, 0.5]]), "option": texts([b"a", b"b"])}
LONG = {"score": np.array([[0.5, 0.5, 0.0]]), "option": texts([b"a", b"b", b""])}


def test_fillers_at_the_end_of_a_list_make_no_difference():
    assert difference(SHORT, LONG) == 0


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({**LONG, "score": np.array([[0.5, 0.4, 0.1]])}, 0.1),
        ({**LONG, "option": texts([b"a", b"b", b"c"])}, float("inf")),
        ({**LONG, "score": np.array([0.5])}, float("inf")),
    ],
)
def test_values_beyond_the_end_of_a_list_do(other, expected):
    assert difference(SHORT, other) == pytest.approx(expected)


def test_answers_of_unlike_length_are_stacked():
    both = stack([SHORT, LONG])
    assert both["score"].tolist() == [[0.5, 0.5, 0.0]] * 2
    assert both["option"].tolist() == [[b"a", b"b", b""]] * 2


def test_positions_are_filled_up_with_minus_one():
    both = stack([{"start": np.array([[3]])}, {"start": np.array([[4, 9]])}])
    assert both["start"].tolist() == [[3, -1], [4, 9]]


def test_a_position_may_turn_only_with_its_probability():
    first = {"index": np.array([0]), "probabilities": np.array([[0.501, 0.499]])}
    turned = {"index": np.array([1]), "probabilities": np.array([[0.499, 0.501]])}
    assert difference(first, turned) == pytest.approx(0.002)
    assert difference(first, {**first, "index": np.array([1])}) == float("inf")


@pytest.mark.parametrize(("other", "expected"), [([True, False], 0.0), ([True, True], np.inf)])
def test_truth_values_are_compared(other, expected):
    left, right = np.array([True, False]), np.array(other)
    assert difference({"no_answer": left}, {"no_answer": right}) == expected
