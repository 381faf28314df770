"""The null threshold against a search that tries every value between two margins."""

import numpy as np
import pytest

from models.question_answering.null_threshold import (
    WindowAnswers,
    find_null_threshold,
    row_margins,
    span_f1,
)


def mean_f1(threshold, margins, f1, has_answer):
    """Returns the mean F1 where rows whose margin is above the threshold get no answer."""
    answered = margins <= threshold
    return np.where(answered, np.where(has_answer, f1, 0.0), ~has_answer).mean()


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_higher_f1(seed):
    rng = np.random.default_rng(seed)
    has_answer = rng.random(40) < 0.6
    margins = rng.normal(size=40) - has_answer
    f1 = rng.random(40)
    others = np.sort(margins)
    candidates = [others[0] - 1, *((others[1:] + others[:-1]) / 2), others[-1] + 1]
    best = max(mean_f1(value, margins, f1, has_answer) for value in candidates)
    found = find_null_threshold(margins, f1, has_answer)
    assert mean_f1(found, margins, f1, has_answer) == pytest.approx(best)


@pytest.mark.parametrize(("has_answer", "answers"), [([True, True], True), ([False, False], False)])
def test_rows_of_one_kind_are_all_treated_alike(has_answer, answers):
    margins = np.array([-3.0, 5.0])
    threshold = find_null_threshold(margins, np.ones(2), np.array(has_answer))
    assert (margins <= threshold).tolist() == [answers] * 2


def test_no_rows_leave_the_threshold_where_it_is():
    assert find_null_threshold(np.zeros(0), np.zeros(0), np.zeros(0, bool)) == 0.0


def test_windows_of_a_row_are_put_together():
    windows = WindowAnswers(
        row_ids=np.array([b"x", b"y", b"x"]),
        null_scores=np.array([3.0, 1.0, 2.0]),
        scores=np.array([1.0, 4.0, 5.0]),
        spans=np.array([[0, 1], [7, 9], [4, 5]]),
        targets=np.array([[-1, -1], [-1, -1], [4, 7]]),
    )
    margins, f1, has_answer = row_margins(windows)
    assert margins.tolist() == [2.0 - 5.0, 1.0 - 4.0]
    assert f1[0] == pytest.approx(2 * 2 / (2 + 4))
    assert has_answer.tolist() == [True, False]


def test_an_empty_span_has_nothing_in_common_with_any():
    assert span_f1(np.array([[0, -1]]), np.array([[-1, -2]])).tolist() == [0.0]
