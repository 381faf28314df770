"""The paths of the REST API, by the grammar of the real server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from serving.server.errors import StatusError, invalid_argument

API: Final = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
"""Paths that are answered in JSON, whatever the answer."""

# No character is special in what the real server matches, a `?` no more than others: a query makes
# a predict path malformed, and is part of the model's name in a status path.
_POST: Final = re.compile(
    r"/v1/models/([^/:]+)(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?:(classify|regress|predict)",
    re.IGNORECASE | re.ASCII,
)
_GET: Final = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?(?:/(metadata))?",
    re.IGNORECASE | re.ASCII,
)
_MAX_INT64: Final = 2**63 - 1
_VERBS: Final = ("classify", "regress", "predict")


class VersionOverflowError(StatusError):
    """A version that no int64 holds; the real server answers it without a body."""


@dataclass(frozen=True)
class RestCall:
    """What a path asks for.

    Attributes:
      action: `predict`, `classify`, `regress`, `status` or `metadata`.
      model: Name of the model.
      version: A version, where one is named.
      label: A label, where one is named.
    """

    action: str
    model: str
    version: int | None = None
    label: str = ""


def parse_call(method: str, path: str) -> RestCall:
    """Reads a method and a path.

    >>> parse_call("POST", "/v1/models/m/versions/3:predict")
    RestCall(action='predict', model='m', version=3, label='')

    Args:
      method: As the client wrote it.
      path: As it came: percent-encoded, the query included.

    Raises:
      StatusError: INVALID_ARGUMENT for any other path or method, `Malformed request: ...`.
    """
    malformed = invalid_argument(f"Malformed request: {method} {path}")
    match = {"POST": _POST, "GET": _GET}.get(method, _NOTHING).fullmatch(path)
    if match is None:
        raise malformed
    name, digits, label, last = match.groups()
    version = _version(digits)
    action = last or "status"
    # The grammar ignores case, but what comes last is compared as it stands.
    if method == "POST" and action not in _VERBS:
        raise malformed
    if method == "GET":
        if action not in ("status", "metadata"):
            action = "status"
        if name is None:
            raise invalid_argument("Missing model name in request.")
    return RestCall(action, _decoded(name), version, _decoded(label or ""))


_NOTHING: Final = re.compile(r"(?!)")


def _version(digits: str | None) -> int | None:
    if digits is None:
        return None
    version = int(digits) if len(digits) <= 30 else _MAX_INT64 + 1
    if version > _MAX_INT64:
        raise VersionOverflowError(
            invalid_argument("").code, f"Failed to convert version: {digits} to numeric."
        )
    return version


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")
