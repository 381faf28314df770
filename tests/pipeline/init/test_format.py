import subprocess
from pathlib import Path

import pytest

from pipeline.init.format import format_by_content
from schemas.errors import UserError

_TSV = b"what a good, long film\tgood\nso bad\tbad\n" * 10
_CSV = b'"what a good, long film",good\nso bad,bad\n' * 10
_JSONL = b'{"text": "so, bad", "label": "bad"}\n' * 10


@pytest.mark.parametrize(
    ("content", "by_ending", "found"),
    [
        (_TSV, None, "tsv"),
        (_CSV, None, "csv"),
        (_JSONL, None, "jsonl"),
        (_TSV, "tsv", "tsv"),
        (_TSV, "csv", "tsv"),
        (_CSV, "tsv", "csv"),
        (_JSONL, "csv", "jsonl"),
        (b"not json\n" + _JSONL, "jsonl", "jsonl"),
        (b"\n\n" + _TSV, None, "tsv"),
        (b"{name} is late\t{1}\n" * 10, "tsv", "tsv"),
    ],
)
def test_content_wins_over_the_ending(content, by_ending, found):
    assert format_by_content(Path("rows"), content, by_ending) == found


def test_an_ending_is_believed_when_some_rows_are_malformed():
    content = _CSV + b"one, two, three, four\n" * 5
    assert format_by_content(Path("rows.csv"), content, "csv") == "csv"


def test_lines_without_columns_are_refused():
    with pytest.raises(UserError, match=r"has lines and no columns; a row needs .*TSV.*CSV.*JSONL"):
        format_by_content(Path("rows.txt"), b"only a text\nand another, one\n" * 5, None)


def test_the_command_named_for_semicolons_makes_csv(tmp_path):
    source = tmp_path / "FILE"
    source.write_text('"a; b, c";good\nso bad;bad\n' * 5)
    with pytest.raises(UserError, match="semicolons between its columns") as caught:
        format_by_content(source, source.read_bytes(), "csv")
    command = str(caught.value).split("put commas there: ")[1]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "FILE.csv").read_text().splitlines()[:2] == ['"a; b, c",good', "so bad,bad"]
