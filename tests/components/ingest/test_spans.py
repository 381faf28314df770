import pytest

from components.ingest.spans import resolve_span
from schemas.errors import UserError


@pytest.fixture
def patterns(write, tmp_path):
    """Spans 1, 2 and 10 of train; 1, 2 and 3 of eval."""
    for split, spans in {"train": (1, 2, 10), "eval": (1, 2, 3)}.items():
        for span in spans:
            write(f"day-{span:02d}/{split}.tsv", "x")
    return {split: str(tmp_path / f"day-{{SPAN}}/{split}.tsv") for split in ("train", "eval")}


def test_without_span_in_the_patterns_there_is_none():
    assert resolve_span({"train": "/data/a.tsv"}, None) == (0, {"train": "/data/a.tsv"})


def test_the_latest_span_that_every_split_has_is_read(patterns, tmp_path, caplog):
    span, resolved = resolve_span(patterns, None)
    assert span == 2
    assert resolved["train"] == str(tmp_path / "day-02/train.tsv")
    assert "span 10 is not complete" in caplog.text


def test_the_span_of_the_config_is_read(patterns, tmp_path):
    assert resolve_span(patterns, 1)[1]["eval"] == str(tmp_path / "day-01/eval.tsv")


def test_spans_are_numbers_not_text(patterns):
    assert resolve_span({"train": patterns["train"]}, None)[0] == 10


def test_a_split_without_span_goes_with_every_span(patterns):
    resolved = resolve_span({"train": patterns["train"], "eval": "/data/dev.tsv"}, None)
    assert (resolved[0], resolved[1]["eval"]) == (10, "/data/dev.tsv")


def test_a_span_that_one_split_lacks_is_refused(patterns):
    with pytest.raises(
        UserError, match=r"ingest.span 3 is not there.*train: 1, 2, 10; eval: 1, 2, 3"
    ):
        resolve_span(patterns, 3)


def test_no_complete_span_is_refused(patterns, tmp_path):
    patterns["eval"] = str(tmp_path / "none-{SPAN}.tsv")
    with pytest.raises(UserError, match=r"no span is there for every split.*eval: none"):
        resolve_span(patterns, None)


def test_a_span_without_a_place_for_it_is_refused():
    with pytest.raises(UserError, match=r"ingest.span is 2, but no file pattern holds \{SPAN\}"):
        resolve_span({"train": "/data/a.tsv"}, 2)


def test_two_ways_to_write_a_span_are_refused(write, tmp_path):
    write("a-1.tsv", "x")
    write("a-01.tsv", "x")
    with pytest.raises(UserError, match=r"span 1 is written as (01 and as 1|1 and as 01)"):
        resolve_span({"train": str(tmp_path / "a-{SPAN}.tsv")}, None)


def test_a_span_in_two_places_is_the_same_number(write, tmp_path):
    write("1/a-1.tsv", "x")
    write("2/a-1.tsv", "x")
    pattern = str(tmp_path / "{SPAN}/a-{SPAN}.tsv")
    assert resolve_span({"train": pattern}, None) == (1, {"train": str(tmp_path / "1/a-1.tsv")})


def test_a_glob_beside_the_span_takes_no_digit_of_it(write, tmp_path):
    write("part-a-12.tsv", "x")
    span, resolved = resolve_span({"train": str(tmp_path / "p?rt-*{SPAN}.[tc]sv")}, None)
    assert (span, resolved["train"]) == (12, str(tmp_path / "p?rt-*12.[tc]sv"))
