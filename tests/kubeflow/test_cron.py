"""Cron lines: what is one, what is none, and what it says in each service's form."""

import pytest

from kubeflow.cron import parse_cron


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("30 5 * * 1-5", "30 5 * * 1-5"),
        ("  */15   *\t* * * ", "*/15 * * * *"),
        ("0,30 8-18/2 1,15 jan-MAR *", "0,30 8-18/2 1,15 1-3 *"),
        ("0 0 * * Sun", "0 0 * * 0"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("5/10 * * * *", "5/10 * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 31 2 1", "0 0 31 2 1"),  # the first of two days decides: every Monday of February
    ],
)
def test_a_line_is_kept_with_its_names_as_numbers(line, expected):
    assert str(parse_cron(line)) == expected


def test_kubeflow_reads_seconds_first():
    assert parse_cron("30 5 * * 1-5").with_seconds == "0 30 5 * * 1-5"


@pytest.mark.parametrize("line", ["", "every day", "@daily", "0 30 5 * * *", "TZ=UTC 0 5 * * *"])
def test_a_line_has_five_fields(line):
    with pytest.raises(ValueError, match=r"has five fields .* which has \d"):
        parse_cron(line)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("60 * * * *", "the minute of a cron line .* from 0 to 59, .* received '60'"),
        ("* 24 * * *", "the hour .* from 0 to 23, .* received '24'"),
        ("* * 0 * *", "the day of month .* from 1 to 31, .* received '0'"),
        ("* * * 13 *", "the month .* from 1 to 12, .* received '13'"),
        ("* * * * 8", "the day of week .* from 0 to 6, .* received '8'"),
        ("* * * * 5-7", "received '5-7'"),
        ("* * ? * *", r"received '\?'"),
        ("* * L * *", "received 'L'"),
        ("30-10 * * * *", "received '30-10'"),
        ("*-10 * * * *", r"received '\*-10'"),
        ("*/0 * * * *", r"received '\*/0'"),
        ("*/90 * * * *", r"received '\*/90'"),
        ("1,,2 * * * *", "received ''"),
        ("-5 * * * *", "received '-5'"),
        ("٣ * * * *", "received '٣'"),
        ("mon * * * *", "received 'mon'"),
    ],
)
def test_a_wrong_field_is_named(line, problem):
    with pytest.raises(ValueError, match=problem):
        parse_cron(line)


@pytest.mark.parametrize("line", ["0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_a_line_that_never_comes_due_is_refused(line):
    with pytest.raises(ValueError, match="never comes due"):
        parse_cron(line)
