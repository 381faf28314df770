import math

import numpy as np
import pytest

from models.metrics.pretraining import (
    FillMaskCounts,
    fill_mask_accuracy,
    fill_mask_top_k,
    sentence_order_accuracy,
)
from models.tasks import create_task

TASK = create_task({"name": "pretraining", "top_k": 2})

ROWS = [
    # hidden words, order, answers, probability of being in order
    (["film", "dull"], 0, [["film", "plot"], ["long", "dull"]], 0.9),
    (["warm"], 1, [["fine", "film"]], 0.6),
    (["long", "cut"], 1, [["long", "film"], ["", ""]], 0.2),
    (["no"], -1, [["no", "so"]], -1.0),
]


def row(words, order, answers, in_order, *, masks=None):
    padded = answers + [["", ""]] * ((masks or len(answers)) - len(answers))
    label = {"hidden_words": np.array(words, object), "sentence_order": np.array([order])}
    prediction = {"tokens": np.array(padded, object), "in_order": np.array([in_order])}
    return label, prediction


def count(rows):
    counts = FillMaskCounts()
    for values in rows:
        counts.add(*row(*values))
    return counts


def test_words_that_are_found_and_orders_that_are_told():
    counts = count(ROWS)
    assert fill_mask_accuracy(counts) == pytest.approx(3 / 6)
    assert fill_mask_top_k(counts) == pytest.approx(4 / 6)
    assert sentence_order_accuracy(counts) == pytest.approx(2 / 3)


def test_counts_of_parts_add_up():
    merged = count(ROWS[:2])
    merged.merge(count(ROWS[2:]))
    assert merged == count(ROWS)


def test_an_undecided_order_is_half_right():
    assert sentence_order_accuracy(count([(["a"], 0, [["b", "c"]], 0.5)])) == 0.5


def test_nothing_is_known_without_words_and_pairs():
    assert math.isnan(fill_mask_accuracy(FillMaskCounts()))
    assert math.isnan(fill_mask_top_k(FillMaskCounts()))
    assert math.isnan(sentence_order_accuracy(count(ROWS[3:])))
