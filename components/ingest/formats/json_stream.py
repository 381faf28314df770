"""One array of a JSON object, element by element: a large file never is in memory as a whole."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from schemas.errors import UserError

_READ_AT_ONCE = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def read_array(stream: BinaryIO, name: str, path: str) -> Iterator[Any]:
    """Yields the elements of the array `name` of the object that a file is.

    Args:
      stream: Content of the file.
      name: Key of the array; the other values of the object are passed over.
      path: The file, for messages.

    Yields:
      Each element, its numbers as text.

    Raises:
      UserError: If the file is not such an object, is no UTF-8, or breaks off.
    """
    text = _Text(stream, name, path)
    text.expect("{")
    while not text.skip("}"):
        key = text.value()
        text.expect(":")
        if key != name:
            text.value()
            text.skip(",")
            continue
        text.expect("[")
        while not text.skip("]"):
            yield text.value()
            if not text.skip(","):
                text.expect("]")
                return
        return
    raise UserError(f"{path} must be a JSON object with {name!r}; received one without it")


class _Text:
    """The text of a stream, as much of it as the next value takes."""

    def __init__(self, stream: BinaryIO, name: str, path: str) -> None:
        self._stream = stream
        self._what = f"{path} must be one JSON object with the array {name!r}"
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._buffer = ""
        self._position = 0
        self._is_complete = False

    def skip(self, sign: str) -> bool:
        """Passes `sign` if it is what comes next, and returns whether it was."""
        if self._next() != sign:
            return False
        self._position += 1
        return True

    def expect(self, sign: str) -> None:
        """Passes `sign`.

        Raises:
          UserError: If something else comes next.
        """
        if not self.skip(sign):
            raise UserError(
                f"{self._what}; received {self._next() or 'its end'!r} where {sign!r} must be; "
                "check ingest.format"
            )

    def value(self) -> Any:
        """Passes the next value and returns it."""
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._position)
            except (json.JSONDecodeError, RecursionError) as error:
                if self._is_complete or isinstance(error, RecursionError):
                    raise UserError(
                        f"{self._what}; received what cannot be read ({error}); check the file"
                    ) from error
                self._read()
                continue
            # Of a number that the buffer ends with, more may follow.
            if end < len(self._buffer) or self._is_complete:
                self._position = end
                return value
            self._read()

    def _next(self) -> str:
        """Returns the sign after white space; empty at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._position)
            self._position = match.end() if match else self._position
            if self._position < len(self._buffer) or self._is_complete:
                return self._buffer[self._position : self._position + 1]
            self._read()

    def _read(self) -> None:
        """Reads on, as much as there is already, and forgets what was passed."""
        left = self._buffer[self._position :]
        block = self._stream.read(max(_READ_AT_ONCE, len(left)))
        self._is_complete = not block
        try:
            self._buffer = left + self._decode.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise UserError(f"{self._what}, in UTF-8; {error}; save it as UTF-8") from error
        self._position = 0
