"""What is live follows from each decision, and a server always has a good version to answer."""

import pytest

from schemas.errors import UserError
from serving.control.release import RELEASE_FILE, Canary, Release, read_release

FOUR = Release(model="reviews", base_path="/models/reviews", stable=4)


def test_a_promotion_keeps_the_version_before_loaded():
    five = FOUR.promoted(5)
    assert (five.stable, five.previous, five.served) == (5, 4, (4, 5))
    assert five.labels == {"stable": 5}


def test_a_lower_version_is_served_alone_as_the_highest_answers():
    three = FOUR.promoted(3)
    assert (three.stable, three.previous, three.served) == (3, None, (3,))


def test_a_promotion_of_the_live_version_changes_nothing():
    five = FOUR.promoted(5)
    assert five.promoted(5) == five


def test_a_rollback_goes_to_the_version_before_and_remembers():
    back = FOUR.promoted(5).taken_back()
    assert (back.stable, back.served, back.rolled_back) == (4, (4,), (5,))
    assert back.promoted(5).rolled_back == ()


def test_a_rollback_of_a_lower_version_keeps_it_loaded_until_labels_have_moved():
    back = FOUR.promoted(3).taken_back(lived=[3, 4])
    assert (back.stable, back.served, back.rolled_back) == (4, (3, 4), (3,))
    assert back.labels == {"stable": 4}
    with pytest.raises(UserError, match="no version before it is known"):
        back.taken_back(lived=[4, 3, 4])


def test_a_version_that_is_live_again_is_not_one_that_was_taken_back():
    back = FOUR.promoted(5).taken_back()
    assert back.promoted(6).taken_back(5, lived=[6, 4, 5]).rolled_back == (6,)


def test_a_rollback_ends_a_canary_first():
    back = FOUR.with_canary(5, 10).taken_back()
    assert (back.stable, back.canary, back.rolled_back) == (4, None, (5,))


def test_a_rollback_to_a_version_ends_a_canary_too():
    back = FOUR.with_canary(5, 10).taken_back(2)
    assert (back.stable, back.canary, back.rolled_back) == (2, None, (4,))


def test_a_canary_is_served_beside_the_live_version():
    trial = FOUR.with_canary(5, 2.5)
    assert trial.canary == Canary(version=5, percent=2.5)
    assert (trial.served, trial.labels) == ((4, 5), {"stable": 4, "canary": 5})
    assert [trial.role(version) for version in (3, 4, 5)] == ["", "live", "canary 2.5 %"]
    assert trial.promoted(5).canary is None


@pytest.mark.parametrize(
    ("decide", "problem"),
    [
        (FOUR.taken_back, "no version before it is known .* name one with --to"),
        (lambda: FOUR.taken_back(4), "below the live one, 4; received 4"),
        (lambda: FOUR.taken_back(6), "go up with `promote`"),
        (lambda: FOUR.with_canary(4, 5), "version 4 is live already"),
    ],
)
def test_what_cannot_be_decided_is_refused(decide, problem):
    with pytest.raises(UserError, match=problem):
        decide()


def test_nothing_decided_is_no_release(tmp_path):
    assert read_release(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{}", '{"stable": 0}'])
def test_a_damaged_file_is_not_taken_for_no_decision(tmp_path, content):
    (tmp_path / RELEASE_FILE).write_text(content)
    with pytest.raises(UserError, match=r"must say which version is live.*history\.jsonl"):
        read_release(tmp_path)
