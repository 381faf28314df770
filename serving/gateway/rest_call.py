"""Requests over REST: which paths pass, and where a version goes in one."""

from __future__ import annotations

import json
import re
from typing import Final, Literal
from urllib.parse import unquote

import httpx

from serving.client.errors import code_of
from serving.gateway.calls import Method, Reply

_PATH: Final = re.compile(
    r"(?P<model>/v1/models/(?P<name>[^/:?]+))(?P<choice>/versions/\d+|/labels/[^/:?]+)?"
    r"(?P<action>:predict|:classify|:regress|/metadata)?"
)
_MAX_MESSAGE: Final = 1024
_METHODS: Final[dict[str | None, Method]] = {
    ":predict": "predict",
    ":classify": "classify",
    ":regress": "regress",
    "/metadata": "metadata",
    None: "status",
}


class RestUpstream:
    """The REST port of the server behind."""

    def __init__(self, url: str) -> None:
        """Makes a connection pool for the running event loop.

        Args:
          url: http://HOST:PORT.
        """
        limits = httpx.Limits(max_connections=None)
        self._client = httpx.AsyncClient(base_url=url, trust_env=False, limits=limits)

    async def send(self, verb: str, path: str, body: bytes, timeout: float) -> Reply:
        """Asks the server."""
        try:
            response = await self._client.request(verb, path, content=body, timeout=timeout)
        except httpx.TimeoutException:
            return error_reply(504, "Timed out: no answer came in time")
        except httpx.TransportError as error:
            return error_reply(503, f"the server behind cannot be reached; {error}")
        status = response.status_code
        if status == httpx.codes.OK:
            return Reply("OK", response.content)
        message = response.content[:_MAX_MESSAGE].decode("utf-8", "replace")
        return Reply(code_of(status), response.content, message, status)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def error_reply(status: int, message: str) -> Reply:
    """Returns an error in the form of TensorFlow Serving's REST API."""
    body = json.dumps({"error": message}).encode()
    return Reply(code_of(status), body, message=message, http_status=status)


class RestCall:
    """One request."""

    protocol: Literal["rest"] = "rest"

    def __init__(self, verb: str, path: str, body: bytes, upstream: RestUpstream) -> None:
        """Takes a request as it came.

        Args:
          verb: GET or POST.
          path: Path, percent-encoded, with what follows a question mark.
          body: The body's bytes.
          upstream: Who is asked.

        Raises:
          ValueError: If it is none of TensorFlow Serving's requests.
        """
        match = _PATH.fullmatch(path)
        wanted = "POST" if match and (match["action"] or "").startswith(":") else "GET"
        if match is None or verb != wanted:
            raise ValueError(f"Malformed request: {verb} {path}")
        self.method: Method = _METHODS[match["action"]]
        self.body = body
        self.model = unquote(match["name"])
        self.is_pinned = match["choice"] is not None
        self._verb = verb
        self._path = path
        self._parts = (match["model"], match["action"] or "")
        self._upstream = upstream

    async def send(self, version: int | None, timeout: float) -> Reply:
        start, end = self._parts
        path = self._path if version is None else f"{start}/versions/{version}{end}"
        return await self._upstream.send(self._verb, path, self.body, timeout)
