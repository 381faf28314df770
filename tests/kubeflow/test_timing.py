"""When a schedule starts runs: read, and everything wrong named at once."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from kubeflow.timing import Timing, TimingTexts, read_timing
from schemas.errors import UserError

NOW = datetime(2027, 1, 10, 12, tzinfo=timezone.utc)
DAILY = TimingTexts(cron="30 5 * * *")


def read(texts, target="vertex"):
    return read_timing(texts, target, now=NOW)


def test_a_cron_line_is_enough(target):
    timing = read(DAILY, target)
    assert timing == Timing(cron=timing.cron, time_zone="UTC", max_concurrency=1, catch_up=False)
    assert str(timing.cron) == "30 5 * * *"


def test_a_moment_without_a_zone_is_in_the_schedules():
    texts = replace(
        DAILY, time_zone="Europe/Berlin", start="2027-02-01T06:30", end="2027-07-01T06:30:00Z"
    )
    timing = read(texts)
    assert timing.start == datetime(2027, 2, 1, 5, 30, tzinfo=timezone.utc)
    assert timing.end == datetime(2027, 7, 1, 6, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cron": "daily"}, "--cron: a cron line has five fields"),
        (
            {"time_zone": "Europe/Berlim"},
            "--timezone: no time zone is called 'Europe/Berlim'; did you mean Europe/Berlin?",
        ),
        ({"time_zone": "/etc/passwd"}, "--timezone: no time zone is called '/etc/passwd'"),
        ({"start": "tomorrow"}, "--start: must be a date or time such as 2027-01-31"),
        ({"end": "2027-01-10T11:00"}, "--end: must lie ahead, and after --start"),
        ({"start": "2027-03-01", "end": "2027-02-01"}, "--end: must lie ahead, and after --start"),
        ({"max_concurrency": 0}, "--max-concurrency: must be between 1 and 10; received 0"),
        ({"max_concurrency": 11}, "--max-concurrency: must be between 1 and 10; received 11"),
    ],
)
def test_what_is_wrong_is_said_in_words(change, problem):
    with pytest.raises(UserError, match="the schedule cannot be made") as raised:
        read(replace(DAILY, **change))
    assert problem in str(raised.value)


def test_everything_wrong_is_named_at_once():
    texts = TimingTexts("60 * * * *", "Mars/Olympus", "soon", "later", max_concurrency=-1)
    with pytest.raises(UserError) as raised:
        read(texts)
    options = ("--cron", "--timezone", "--start", "--end", "--max-concurrency")
    lines = str(raised.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == list(options)


def test_kubeflow_has_one_zone_for_all_its_schedules():
    with pytest.raises(UserError, match=r"CRON_SCHEDULE_TIMEZONE .* leave --timezone out"):
        read(replace(DAILY, time_zone="Europe/Berlin"), "kubeflow")
