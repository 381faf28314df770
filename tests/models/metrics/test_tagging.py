import json
import math
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from models.metrics import tagging as metrics
from models.metrics.tagging import EntityCounts
from models.tagging.schemes import find_entities
from models.tagging.spans import Span, join_spans
from tests.models.metrics.random_tags import TYPES, random_sentences

GOLDEN = Path(__file__).parent / "goldens" / "seqeval.json"
FUNCTIONS = {
    "precision": metrics.precision,
    "recall": metrics.recall,
    "f1-score": metrics.f1,
}


def spans_of(tags):
    """Entities of words of one to three letters, with a space between them."""
    ends = list(accumulate((2 + place % 3 for place in range(len(tags))), initial=0))
    return join_spans(
        Span(ends[entity.first], ends[entity.last + 1] - 1, entity.type)
        for entity in find_entities(tags, "iob")
    )


def count(*rows):
    counts = EntityCounts()
    for label, prediction in rows:
        counts.add(np.array([label.encode()]), np.array([prediction.encode()], object))
    return counts


@pytest.fixture(scope="module")
def rows():
    return [(spans_of(right), spans_of(predicted)) for right, predicted in random_sentences()]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", [None, *TYPES])
def test_values_equal_those_of_seqeval_on_random_predictions(rows, name, kind):
    """The golden file is made by make_goldens.py in this folder."""
    expected = json.loads(GOLDEN.read_text("utf-8"))[kind or "micro avg"][name]
    assert FUNCTIONS[name](count(*rows), kind) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "prediction", ["0:4:person", "1:5:person", "0:5:place", "0:5:person 0:5:place"]
)
def test_an_entity_is_right_where_start_end_and_type_are(prediction):
    right = {"0:5:person 0:5:place": 1}.get(prediction, 0)
    assert sum(count(("0:5:person", prediction)).right.values()) == right


def test_a_model_that_finds_nothing():
    counts = count(("0:5:person", ""))
    assert [function(counts) for function in FUNCTIONS.values()] == [0.0, 0.0, 0.0]


def test_rows_without_entities_cannot_tell():
    assert all(math.isnan(function(count(("", "")))) for function in FUNCTIONS.values())
    counts = count(("", "0:5:person"))
    assert metrics.precision(counts) == 0.0
    assert math.isnan(metrics.recall(counts))
    assert math.isnan(metrics.f1(counts))


def test_merged_parts_equal_the_whole(rows):
    merged = EntityCounts()
    for start in range(0, len(rows), 300):
        merged.merge(count(*rows[start : start + 300]))
    assert merged == count(*rows)


def test_weights_count_as_repeated_rows(rows):
    weighted = EntityCounts()
    for label, prediction in rows[:20]:
        weighted.add(np.array([label]), np.array([prediction]), weight=2.0)
    assert weighted == count(*rows[:20], *rows[:20])
