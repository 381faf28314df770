import datetime

import pytest

from components.ingest.span_pattern import (
    SpanPattern,
    check_placeholders,
    date_of_span,
    span_of_date,
)
from schemas.errors import UserError


@pytest.mark.parametrize("day", ["1970-01-02", "2024-02-29", "2026-11-24"])
def test_days_are_numbered_as_tfx_numbers_them(day):
    from tfx.components.example_gen import utils

    date = datetime.date.fromisoformat(day)
    assert span_of_date(date) == utils.date_to_span_number(date.year, date.month, date.day)
    assert date_of_span(span_of_date(date)) == date


def test_the_date_may_be_in_folders_or_without_marks(write, tmp_path):
    write("2026/11/24/train.tsv", "x")
    write("train-20261125.tsv", "x")
    folders = SpanPattern("train", str(tmp_path / "{YYYY}/{MM}/{DD}/train.tsv"))
    assert folders.find() == {20781: str(tmp_path / "2026/11/24/train.tsv")}
    joined = SpanPattern("train", str(tmp_path / "train-{YYYY}{MM}{DD}.tsv"))
    assert joined.find() == {20782: str(tmp_path / "train-20261125.tsv")}


def test_a_date_that_is_none_is_refused(write, tmp_path):
    write("2026-13-24.tsv", "x")
    with pytest.raises(UserError, match=r"named by a date; received 2026-13-24; rename"):
        SpanPattern("train", str(tmp_path / "{YYYY}-{MM}-{DD}.tsv")).find()


def test_two_ways_to_write_a_span_are_refused(write, tmp_path):
    write("a-1.tsv", "x")
    write("a-01.tsv", "x")
    with pytest.raises(UserError, match=r"span 1 is written as .*a-0?1.tsv and as .*a-0?1.tsv"):
        SpanPattern("train", str(tmp_path / "a-{SPAN}.tsv")).find()


def test_a_span_in_two_places_is_the_same_number(write, tmp_path):
    write("1/a-1.tsv", "x")
    write("2/a-1.tsv", "x")
    found = SpanPattern("train", str(tmp_path / "{SPAN}/a-{SPAN}.tsv")).find()
    assert found == {1: str(tmp_path / "1/a-1.tsv")}


def test_a_glob_beside_the_span_takes_no_digit_of_it(write, tmp_path):
    write("part-a-12.tsv", "x")
    found = SpanPattern("train", str(tmp_path / "p?rt-*{SPAN}.[tc]sv")).find()
    assert found == {12: str(tmp_path / "p?rt-*12.[tc]sv")}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{YYYY}/{MM}.tsv", r"needs \{YYYY\}, \{MM\}, \{DD\}, all of them"),
        ("{YYYY}-{MM}-{DD}/{SPAN}.tsv", "cannot stand in one pattern"),
    ],
)
def test_placeholders_that_name_no_span_are_refused(pattern, message):
    with pytest.raises(ValueError, match=message):
        check_placeholders(pattern)
