"""Lines of a text file in bounded memory."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from components.ingest.formats.base import RAW_BYTES_KEPT, Part, Rejection, reject

MAX_LINE_BYTES = 1 << 20
"""A longer line is no row: it is skipped in steps of this size, and its beginning quarantined."""

_READ_AT_ONCE = 1 << 20


class Line(NamedTuple):
    """A line with its end of line.

    Attributes:
      number: 1-based number in the file.
      raw: The line; its first `RAW_BYTES_KEPT` bytes where it is too long.
      num_bytes: Size of the whole line.
    """

    number: int
    raw: bytes
    num_bytes: int

    @property
    def too_long(self) -> bool:
        """Whether `raw` is only the beginning of it."""
        return self.num_bytes > MAX_LINE_BYTES


def read_lines(
    stream: BinaryIO, *, first_line: int = 1, num_bytes: int | None = None
) -> Iterator[Line]:
    """Yields the lines of `stream` from where it stands.

    Args:
      stream: Buffered binary content.
      first_line: Number of the first line.
      num_bytes: Where to stop: the size of the part, which ends with a line.
    """
    number, left = first_line, num_bytes
    while left is None or left > 0:
        raw = stream.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return
        size = len(raw)
        if size > MAX_LINE_BYTES:
            size += 0 if raw.endswith(b"\n") else _skip_line(stream)
            raw = raw[:RAW_BYTES_KEPT]
        yield Line(number, raw, size)
        number += 1
        if left is not None:
            left -= size


def _skip_line(stream: BinaryIO) -> int:
    """Reads to the end of the line and returns the number of bytes passed."""
    skipped = 0
    while piece := stream.readline(MAX_LINE_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def parts_of_lines(
    stream: BinaryIO, part_bytes: int, *, is_end: Callable[[bytes], bool] | None = None
) -> Iterator[Part]:
    """Yields the parts of a file, which end with a line.

    The lines are counted on the way: a worker does not see those before its own.

    Args:
      stream: The whole file.
      part_bytes: Size of a part, at least.
      is_end: Whether a part may end with a line; None: with every line.
    """
    part_start, part_line, position, line = 0, 1, 0, 1
    while block := stream.read(min(_READ_AT_ONCE, part_bytes)):
        position += len(block)
        line += block.count(b"\n")
        if position - part_start < part_bytes:
            continue
        for piece in _to_end(stream, block, is_end):
            position += len(piece)
            line += piece.endswith(b"\n")
        yield Part(part_start, position, part_line, position - part_start)
        part_start, part_line = position, line
    if position > part_start:
        yield Part(part_start, position, part_line, position - part_start)


def _to_end(
    stream: BinaryIO, block: bytes, is_end: Callable[[bytes], bool] | None
) -> Iterator[bytes]:
    """Yields what follows `block` in its part; a long line comes in pieces."""
    while block and not block.endswith(b"\n"):
        block = stream.readline(_READ_AT_ONCE)
        yield block
    is_whole = True
    while is_end is not None and (piece := stream.readline(_READ_AT_ONCE)):
        yield piece
        if is_whole and is_end(piece):
            return
        is_whole = piece.endswith(b"\n")


def decode_line(line: Line) -> str | Rejection:
    """Returns the text of a line without its end, or why it is no text."""
    if line.too_long:
        message = (
            f"a line must not be longer than {MAX_LINE_BYTES} bytes; received {line.num_bytes}"
        )
        return reject(line.number, "line_too_long", message, line.raw, line.num_bytes)
    raw = line.raw.rstrip(b"\r\n")
    if b"\0" in raw:
        return reject(
            line.number, "nul", f"a row must not hold NUL; received one at byte {raw.index(0)}", raw
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
        message = f"a row must be valid UTF-8; received 0x{raw[at]:02x} at byte {at}"
        return reject(line.number, "invalid_utf8", message, raw)
