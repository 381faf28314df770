from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.summary import RowExample
from pipeline.init.survey import Survey, percentile


@given(
    st.lists(st.integers(0, 50), min_size=1),
    st.floats(0, 1, allow_nan=False, exclude_min=True),
)
def test_a_percentile_is_the_smallest_value_that_covers_the_share(values, share):
    found = percentile(Counter(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_the_percentile_of_nothing_is_zero():
    assert percentile({}, 0.5) == 0


def test_labels_are_counted_over_all_splits_and_by_split():
    survey = Survey()
    survey.counts.labels.update({("train", "a"): 2, ("eval", "a"): 1, ("eval", "b"): 4})
    assert survey.labels == {"a": 3, "b": 4}
    assert survey.labels_of("eval") == {"a": 1, "b": 4}


def test_rejected_lines_are_those_that_stand_first():
    survey = Survey()
    for line in (9, 2, 4):
        reason = "nul" if line == 4 else "empty_text"
        survey.counts.rejected[reason] += 1
        survey.counts.add_example(reason, RowExample(0, line, f"f:{line}", reason))
    survey.counts.add_example("duplicates", RowExample(0, 1, "f:1"))
    assert survey.rejected_lines() == ["f:2: empty_text", "f:4: nul", "f:9: empty_text"]


@pytest.mark.parametrize(("accepted", "rejected"), [(3, 2), (0, 0)])
def test_rows_are_usable_or_rejected(accepted, rejected):
    survey = Survey()
    survey.counts.accepted["train"] = accepted
    survey.counts.rejected["nul"] = rejected
    assert survey.num_rows == survey.num_usable + survey.num_rejected == accepted + rejected
