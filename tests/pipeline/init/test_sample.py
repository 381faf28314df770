import pytest

from pipeline.init import sample
from pipeline.init.layout import detect_layout
from pipeline.init.sample import sample_rows


def test_a_small_file_is_taken_whole_and_in_order(write_rows, messages):
    layout = detect_layout(write_rows("rows.tsv", messages))
    rows = sample_rows(layout, (0, 1))
    assert rows == [{"0": text, "1": label} for text, label in messages]


def test_a_large_file_is_sampled_from_its_whole_length(write, monkeypatch):
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 200)
    content = "".join(f"number {number}\tgood\n" for number in range(4000))
    rows = sample_rows(detect_layout(write("rows.tsv", content)), (0,))
    numbers = [int(row["0"].split()[1]) for row in rows]
    assert len(set(numbers)) == 200
    # The mean of 200 of 0..3999 is 2000 with a standard error of 82.
    assert sum(numbers) / 200 == pytest.approx(2000, abs=330)


def test_rows_that_cannot_be_read_are_left_out(write):
    layout = detect_layout(
        write("rows.tsv", b"a good film\t1\ncaf\xe9\t0\nso bad\t0\n" * 1 + b"x\ty\n" * 99)
    )
    assert len(sample_rows(layout, (0, 1))) == 101


def test_long_values_are_cut(write):
    layout = detect_layout(write("rows.tsv", f"{'x' * 5000}\t1\n{'y' * 5000}\t0\n"))
    assert [len(row["0"]) for row in sample_rows(layout, (0,))] == [1000, 1000]


def test_rows_are_counted_as_they_are_read(write_rows, messages):
    counts = []
    sample_rows(detect_layout(write_rows("rows.tsv", messages)), (0,), counts.append)
    assert counts == list(range(1, len(messages) + 1))
