import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.formats.base import Chunk, Rejection, Row, SourceFile
from components.ingest.formats.csv import MAX_RECORD_LINES, Csv
from components.ingest.formats.delimited import Record
from components.ingest.formats.lines import MAX_LINE_BYTES


def records(content: str | bytes) -> list[Record | Rejection]:
    data = content.encode() if isinstance(content, str) else content
    return list(Csv().records(io.BytesIO(data)))


def fields(content: str | bytes) -> list[list[str] | str]:
    return [item.fields if isinstance(item, Record) else item.reason for item in records(content)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('"a, b",1\n', [["a, b", "1"]]),
        ('"say ""no""",1\n', [['say "no"', "1"]]),
        ('"two\nlines",1\nb,0\n', [["two\nlines", "1"], ["b", "0"]]),
        ('"two\r\nlines",1\r\nb,0\r\n', [["two\r\nlines", "1"], ["b", "0"]]),
        ('5" pipe,1\n', [['5" pipe', "1"]]),
        ("a,1\n\nb,0", [["a", "1"], ["b", "0"]]),
    ],
)
def test_records(content, expected):
    assert fields(content) == expected


def test_a_record_stands_at_its_first_line():
    first, second = records('"a\nb\nc",1\nd,0\n')
    assert (first.line, second.line) == (1, 4)
    assert first.raw == b'"a\nb\nc",1\n'


def test_an_open_quote_rejects_its_line_and_swallows_no_other():
    items = records('a,1\n"open,1\nb,0\nc,1\n')
    assert fields('a,1\n"open,1\nb,0\nc,1\n') == [
        ["a", "1"],
        "malformed_csv",
        ["b", "0"],
        ["c", "1"],
    ]
    assert [item.line for item in items] == [1, 2, 3, 4]


def test_an_open_quote_is_given_up_after_some_lines():
    content = '"open,1\n' + "b,0\n" * (2 * MAX_RECORD_LINES)
    found = fields(content)
    assert found[0] == "malformed_csv"
    assert len(found) == 1 + 2 * MAX_RECORD_LINES


def test_an_open_quote_before_a_long_line_rejects_both():
    content = b'"open,1\n' + b"x" * (MAX_LINE_BYTES + 1) + b"\nb,0\n"
    assert fields(content) == ["malformed_csv", "line_too_long", ["b", "0"]]


def test_text_after_a_closed_quote_is_rejected():
    assert fields('"a"b,1\nc,0\n') == ["malformed_csv", ["c", "0"]]


@pytest.mark.parametrize(("line", "reason"), [(b"caf\xe9", "invalid_utf8"), (b"n\0l", "nul")])
def test_a_quoted_record_with_an_unreadable_line_is_rejected_whole(line, reason):
    found = records(b'"one\n' + line + b'\n",1\nb,0\n')
    assert [item.line for item in found] == [1, 4]
    assert found[0].reason == reason
    assert found[0].raw.startswith(b'"one\n')


def test_rows_come_by_role(write):
    path = write("a.csv", 'id,text,label\n7,"a, b",1\n')
    file = SourceFile(
        split="train",
        path=path,
        name="a.csv",
        format="csv",
        columns={"text": 1, "label": 2},
        width=3,
    )
    assert list(Csv().read(Chunk(0, file))) == [
        Row(2, {"text": "a, b", "label": "1"}, b'7,"a, b",1\n')
    ]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            min_size=2,
            max_size=4,
        ),
        max_size=5,
    )
)
def test_what_the_csv_module_writes_is_read_back(rows):
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    assert fields(stream.getvalue()) == rows
