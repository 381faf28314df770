import pytest

from components.ingest.spans import SpanChoice, resolve_spans
from schemas.errors import UserError


@pytest.fixture
def patterns(write, tmp_path):
    """Spans 1, 2 and 10 of train; 1, 2 and 3 of eval."""
    for split, spans in {"train": (1, 2, 10), "eval": (1, 2, 3)}.items():
        for span in spans:
            write(f"day-{span:02d}/{split}.tsv", "x")
    return {split: str(tmp_path / f"day-{{SPAN}}/{split}.tsv") for split in ("train", "eval")}


@pytest.fixture
def five(write, tmp_path):
    """Spans 3 to 7 of train and eval, and a folder to remove spans from."""
    for span in range(3, 8):
        for split in ("train", "eval"):
            write(f"{split}-{span}.tsv", "x")
    return {split: str(tmp_path / f"{split}-{{SPAN}}.tsv") for split in ("train", "eval")}


def test_without_span_in_the_patterns_there_is_none():
    spans = resolve_spans({"train": "/data/a.tsv"}, SpanChoice())
    assert (spans.newest, spans.numbers, spans.patterns) == (0, (), {"train": ("/data/a.tsv",)})


def test_the_latest_span_that_every_split_has_is_read(patterns, tmp_path, caplog):
    spans = resolve_spans(patterns, SpanChoice())
    assert spans.newest == 2
    assert spans.patterns["train"] == (str(tmp_path / "day-02/train.tsv"),)
    assert "span 10 is not complete" in caplog.text


def test_the_span_of_the_config_is_read(patterns, tmp_path):
    resolved = resolve_spans(patterns, SpanChoice(wanted=1))
    assert resolved.patterns["eval"] == (str(tmp_path / "day-01/eval.tsv"),)


def test_spans_are_numbers_not_text(patterns):
    assert resolve_spans({"train": patterns["train"]}, SpanChoice()).newest == 10


def test_a_split_without_span_goes_with_every_span(patterns):
    resolved = resolve_spans({"train": patterns["train"], "eval": "/data/dev.tsv"}, SpanChoice())
    assert (resolved.newest, resolved.patterns["eval"]) == (10, ("/data/dev.tsv",))


def test_a_window_is_trained_on_and_the_newest_span_is_evaluated(five, tmp_path):
    spans = resolve_spans(five, SpanChoice(window=3))
    assert spans.numbers == (5, 6, 7)
    assert spans.patterns["train"] == tuple(str(tmp_path / f"train-{n}.tsv") for n in (5, 6, 7))
    assert spans.patterns["eval"] == (str(tmp_path / "eval-7.tsv"),)


def test_a_window_ends_with_the_wanted_span(five):
    assert resolve_spans(five, SpanChoice(wanted=5, window=2)).numbers == (4, 5)


def test_before_the_first_span_none_is_missing(five):
    assert resolve_spans(five, SpanChoice(wanted=4, window=10)).numbers == (3, 4)


def test_a_span_that_vanished_from_the_window_is_refused(five, tmp_path):
    (tmp_path / "train-6.tsv").unlink()
    with pytest.raises(UserError, match=r"spans 5 to 7, of which 6 must be there.*gaps: skip"):
        resolve_spans(five, SpanChoice(window=3))


def test_gaps_may_be_skipped(five, tmp_path):
    (tmp_path / "train-6.tsv").unlink()
    assert resolve_spans(five, SpanChoice(window=3, gaps="skip")).numbers == (4, 5, 7)


def test_a_span_without_its_marker_is_not_complete(five, write, tmp_path):
    for span in range(3, 7):
        write(f"done-{span}", "x")
    assert resolve_spans(five, SpanChoice(marker=str(tmp_path / "done-{SPAN}"))).newest == 6


def test_days_are_spans(write, tmp_path):
    for day in ("2026-10-31", "2026-11-01"):
        write(f"{day}/train.tsv", "x")
    pattern = {"train": str(tmp_path / "{YYYY}-{MM}-{DD}/train.tsv")}
    assert resolve_spans(pattern, SpanChoice(window=2)).numbers == (20757, 20758)
    with pytest.raises(UserError, match=r"span 20759 \(2026-11-02\) is not there"):
        resolve_spans(pattern, SpanChoice(wanted=20759))


def test_days_beside_numbers_are_refused(five, tmp_path):
    five["eval"] = str(tmp_path / "{YYYY}-{MM}-{DD}.tsv")
    with pytest.raises(UserError, match=r"all numbers .* or all days"):
        resolve_spans(five, SpanChoice())


def test_a_span_that_one_split_lacks_is_refused(patterns):
    with pytest.raises(
        UserError, match=r"ingest.span 3 is not there.*train: 1, 2, 10; eval: 1, 2, 3"
    ):
        resolve_spans(patterns, SpanChoice(wanted=3))


def test_no_complete_span_is_refused(patterns, tmp_path):
    patterns["eval"] = str(tmp_path / "none-{SPAN}.tsv")
    with pytest.raises(UserError, match=r"no span is there for every split.*eval: none"):
        resolve_spans(patterns, SpanChoice())


@pytest.mark.parametrize(
    ("choice", "named"),
    [
        (SpanChoice(wanted=2), "ingest.span is 2"),
        (SpanChoice(window=3), "ingest.window is 3"),
        (SpanChoice(marker="done-{SPAN}"), "ingest.span_marker is done-{SPAN}"),
    ],
)
def test_a_span_without_a_place_for_it_is_refused(choice, named):
    with pytest.raises(UserError, match="but no file pattern or query holds") as refused:
        resolve_spans({"train": "/data/a.tsv"}, choice)
    assert named in str(refused.value)
