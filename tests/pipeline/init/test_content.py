import os
from pathlib import Path

import pytest

from pipeline.init.content import HEAD_BYTES, check_file, read_head, text_of
from schemas.errors import UserError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "there is no file .* check the path"),
        (lambda path: path.mkdir(), "is a folder; give the files in it"),
        (lambda path: path.write_bytes(b""), "is empty; give a file"),
        (os.mkfifo, "no regular file"),
    ],
    ids=["missing", "folder", "empty", "pipe"],
)
def test_what_is_no_file_with_content_is_refused(tmp_path, make, message):
    path = tmp_path / "rows.tsv"
    make(path)
    with pytest.raises(UserError, match=message):
        check_file(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "Excel file; export the sheet as CSV"),
        (b"PAR1rest", "a Parquet file without the ending .parquet; rename it"),
        (b"\x1f\x8brest", "gzip file without the ending .gz; rename it"),
        ("good\t1\n".encode("utf-16"), "is UTF-16 text; convert it: iconv -f UTF-16"),
        (bytes(range(256)) * 10, "is a binary file"),
    ],
    ids=["excel", "parquet", "gzip", "utf-16", "binary"],
)
def test_a_file_of_another_kind_is_named_with_the_way_out(content, message):
    with pytest.raises(UserError, match=message):
        text_of(Path("rows.tsv"), content)


def test_another_encoding_is_shown_as_it_would_read():
    content = "das café war schön\t1\n".encode("windows-1252") * 20
    with pytest.raises(UserError, match=r"20 of its first 20 lines.*'café'.*iconv -f WINDOWS-1252"):
        text_of(Path("rows.tsv"), content)


def test_a_few_bad_lines_are_left_to_the_quarantine():
    content = b"good film\t1\n" * 99 + b"caf\xe9\t1\n"
    assert text_of(Path("rows.tsv"), content).startswith("good film\t1\n")


def test_the_head_ends_with_a_whole_line(write):
    line = b"a text of some length\t1\n"
    head = read_head(write("rows.tsv", line * (HEAD_BYTES // len(line) + 100)))
    assert head.endswith(line)
    assert HEAD_BYTES - len(line) < len(head) <= HEAD_BYTES


def test_the_head_of_a_gzip_file_is_unpacked(write):
    assert read_head(write("rows.tsv.gz", "a\tb\n")) == b"a\tb\n"


def test_gzip_of_nothing_is_refused(write):
    with pytest.raises(UserError, match="holds nothing once unpacked"):
        read_head(write("rows.tsv.gz", b""))
