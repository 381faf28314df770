import io

import pytest

from components.ingest.formats.base import RAW_BYTES_KEPT, Rejection
from components.ingest.formats.lines import MAX_LINE_BYTES, Line, decode_line, read_lines


def lines(content: bytes, **options: int) -> list[Line]:
    return list(read_lines(io.BytesIO(content), **options))


def test_lines_keep_their_ends_and_numbers():
    assert lines(b"a\r\n\nb") == [Line(1, b"a\r\n", 3), Line(2, b"\n", 1), Line(3, b"b", 1)]


def test_reading_stops_at_the_end_of_the_part():
    assert [line.raw for line in lines(b"a\nbb\nc\n", num_bytes=5)] == [b"a\n", b"bb\n"]


def test_numbers_go_on_from_the_first_line():
    assert [line.number for line in lines(b"a\nb\n", first_line=7)] == [7, 8]


@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 1, 3 * MAX_LINE_BYTES + 5])
def test_a_long_line_is_cut_and_measured_and_the_next_is_read(size):
    long, short = lines(b"x" * size + b"\nshort\n")
    assert (long.too_long, long.num_bytes, len(long.raw)) == (True, size + 1, RAW_BYTES_KEPT)
    assert short == Line(2, b"short\n", 6)


def test_a_line_of_the_longest_size_is_whole():
    (line,) = lines(b"x" * (MAX_LINE_BYTES - 1) + b"\n")
    assert not line.too_long


def test_a_long_last_line_without_an_end_is_measured():
    (line,) = lines(b"x" * (2 * MAX_LINE_BYTES))
    assert line.num_bytes == 2 * MAX_LINE_BYTES


@pytest.mark.parametrize(
    ("raw", "reason", "message"),
    [
        (b"a\0b\n", "nul", "byte 1"),
        (b"caf\xe9\n", "invalid_utf8", "0xe9 at byte 3"),
        (b"\xed\xa0\x80\n", "invalid_utf8", "0xed at byte 0"),
    ],
)
def test_what_is_no_text_is_rejected(raw, reason, message):
    rejection = decode_line(Line(3, raw, len(raw)))
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason) == (3, reason)
    assert message in rejection.message


def test_a_long_line_is_rejected_with_its_size():
    rejection = decode_line(Line(1, b"x" * RAW_BYTES_KEPT, 5_000_000))
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.num_bytes) == ("line_too_long", 5_000_000)


def test_text_comes_without_the_end_of_line():
    assert decode_line(Line(1, b"caf\xc3\xa9\r\n", 7)) == "café"
