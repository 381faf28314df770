"""Schedules by their names, at a place that keeps them in a list."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from rich.console import Console

from kubeflow.cron import parse_cron
from kubeflow.place import Schedule
from kubeflow.schedules import create, find, table
from kubeflow.timing import Timing
from schemas.errors import UserError

TIMING = Timing(cron=parse_cron("30 5 * * *"))
NIGHTLY = Schedule(
    key="1",
    name="nightly",
    state="active",
    cron="30 5 * * *",
    time_zone="UTC",
    max_concurrency=1,
    catch_up=False,
    next_run=datetime(2027, 1, 4, 5, 30, tzinfo=timezone.utc),
)


class FakePlace:
    """A place whose schedules are a list."""

    def __init__(self, *there, broken=False):
        self.there, self.broken = list(there), broken

    def schedules(self):
        return list(self.there)

    def create_schedule(self, submission, name, timing):
        if self.broken:
            raise UserError("the service refuses")
        made = replace(NIGHTLY, key=f"{len(self.there) + 1}", name=name, cron=str(timing.cron))
        self.there.append(made)
        return made

    def delete(self, schedule):
        self.there.remove(schedule)


def test_a_second_schedule_of_a_name_is_refused():
    place = FakePlace(NIGHTLY)
    with pytest.raises(UserError, match=r"there is a schedule 'nightly' already .* --replace"):
        create(place, None, "nightly", TIMING)
    assert place.there == [NIGHTLY]


def test_a_schedule_that_is_over_does_not_count():
    place = FakePlace(replace(NIGHTLY, state="completed"))
    assert create(place, None, "nightly", TIMING) in place.there


def test_replacing_leaves_the_new_one():
    place = FakePlace(NIGHTLY)
    made = create(place, None, "nightly", TIMING, replace=True)
    assert place.there == [made]


def test_the_old_one_stays_where_the_new_one_is_refused():
    place = FakePlace(NIGHTLY, broken=True)
    with pytest.raises(UserError, match="the service refuses"):
        create(place, None, "nightly", TIMING, replace=True)
    assert place.there == [NIGHTLY]


def test_one_is_found_by_its_name_before_those_that_are_over():
    over = replace(NIGHTLY, key="0", state="completed")
    assert find(FakePlace(over, NIGHTLY), "nightly") is NIGHTLY
    assert find(FakePlace(over), "nightly") is over


@pytest.mark.parametrize(
    ("there", "problem"),
    [
        ((), "no schedule is called 'nightli': there is none at all"),
        ((NIGHTLY,), "no schedule is called 'nightli': there is nightly"),
    ],
)
def test_a_name_that_is_none_is_refused(there, problem):
    with pytest.raises(UserError, match=problem):
        find(FakePlace(*there), "nightli")


def test_two_of_a_name_are_refused():
    with pytest.raises(UserError, match=r"2 schedules are called 'nightly' \(1, 2\)"):
        find(FakePlace(NIGHTLY, replace(NIGHTLY, key="2")), "nightly")


def test_the_table_shows_them_by_name():
    console = Console(record=True, width=140)
    paused = replace(NIGHTLY, name="[bold]hourly", state="paused", next_run=None, catch_up=True)
    console.print(table([NIGHTLY, paused]))
    lines = [line for line in console.export_text().splitlines() if "30 5 * * *" in line]
    assert [("paused" in line, "yes" in line) for line in lines] == [(True, True), (False, False)]
    assert "[bold]hourly" in lines[0]
    assert "2027-01-04 05:30" in lines[1]
