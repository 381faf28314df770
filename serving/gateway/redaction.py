"""What of a text gets into the request log: by default its length and a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import cast

from schemas.errors import UserError

Redact = Callable[[str], str]
"""Returns what is logged in place of a text."""

_REMOVED = re.compile(rb"removed:[0-9a-f]{16} characters:\d+ words:(\d+)")


def remove_text() -> Redact:
    """Returns what leaves the number of characters and words, and a hash to tell repeats by.

    The key of the hash is made here and kept nowhere, so a text cannot be found by trying.
    """
    key = secrets.token_bytes(32)

    def redact(text: str) -> str:
        digest = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]
        return f"removed:{digest} characters:{len(text)} words:{len(text.split())}"

    return redact


def words_of_removed(logged: bytes) -> int | None:
    """Returns the number of words of a text that was left out of the log; None where it is there.

    >>> words_of_removed(b"removed:0123456789abcdef characters:10 words:3")
    3
    >>> words_of_removed(b"a good day")
    """
    found = _REMOVED.fullmatch(logged)
    return int(found[1]) if found else None


def keep_text(text: str) -> str:
    """Returns the text."""
    return text


def load_redaction(dotted: str) -> Redact:
    """Returns the function of a dotted name, `package.module.function`.

    Raises:
      UserError: If there is no such function.
    """
    module, _, name = dotted.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"--redact names a function, package.module.function; received {dotted!r}; {error}"
        ) from error
    if not callable(found):
        raise UserError(
            f"--redact names a function, which takes and returns a text; {dotted} is none"
        )
    return cast("Redact", found)
