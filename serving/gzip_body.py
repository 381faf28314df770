"""Bodies of REST requests that came zipped."""

from __future__ import annotations

import zlib
from typing import Final

_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
NOT_ZIPPED: Final = "Failed to uncompress the gzip body of the request"


def is_zipped(content_encoding: str | None) -> bool:
    """Returns whether a body is zipped, by its Content-Encoding."""
    return (content_encoding or "").lower() == "gzip"


def unzipped(body: bytes, max_bytes: int = 0) -> bytes | None:
    """Returns what is in a zipped body.

    >>> unzipped(zlib.compress(b"a" * 9)), unzipped(zlib.compress(b"a" * 9), max_bytes=8)
    (b'aaaaaaaaa', None)

    Args:
      body: The bytes as they came.
      max_bytes: More are never unpacked; 0: no limit.

    Returns:
      The bytes; None where they are more than `max_bytes`.

    Raises:
      ValueError: If it is not zipped, or its end is missing.
    """
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        content = stream.decompress(body, max_bytes + 1 if max_bytes else 0)
    except zlib.error as error:
        raise ValueError(NOT_ZIPPED) from error
    if max_bytes and len(content) > max_bytes:
        return None
    if not stream.eof:
        raise ValueError(NOT_ZIPPED)
    return content
