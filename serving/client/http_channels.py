"""Connections over HTTP, to TensorFlow Serving's REST API."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from itertools import takewhile
from typing import Any

import httpx

from schemas.errors import UserError
from serving.client.endpoint import Endpoint
from serving.client.errors import (
    DeadlineExceededError,
    ServingError,
    UnavailableError,
    code_of,
    error_of,
)


class HttpChannel:
    """An HTTP connection pool; threads may share it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = httpx.Client(**_options(endpoint))

    def send(self, target: str, body: bytes, timeout: float) -> bytes:
        method, _, path = target.partition(" ")
        end = time.monotonic() + timeout
        try:
            with self._client.stream(method, path, content=body, timeout=timeout) as response:
                # httpx holds each read to the timeout, and not their sum.
                content = b"".join(takewhile(lambda _: _in_time(end), response.iter_bytes()))
            return _body(response.status_code, content)
        except httpx.TransportError as error:
            raise _serving_error(error) from error

    def close(self) -> None:
        self._client.close()


class AsyncHttpChannel:
    """An HTTP connection pool of one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = httpx.AsyncClient(**_options(endpoint))

    async def send(self, target: str, body: bytes, timeout: float) -> bytes:
        method, _, path = target.partition(" ")
        request = self._client.request(method, path, content=body, timeout=timeout)
        try:
            response = await asyncio.wait_for(request, timeout)
        except asyncio.TimeoutError as error:
            raise _too_late() from error
        except httpx.TransportError as error:
            raise _serving_error(error) from error
        return _body(response.status_code, response.content)

    async def close(self) -> None:
        await self._client.aclose()


def _options(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "base_url": endpoint.url,
        "headers": {**endpoint.headers, "content-type": "application/json"},
        "verify": _context(endpoint) if endpoint.is_secure else False,
        # The URL says where the server is; a proxy of the environment would be asked for localhost.
        "trust_env": False,
    }


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    tls = endpoint.tls
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # ssl.SSLError is one
        raise UserError(f"the certificates {tls} cannot be used: {error}") from error
    return context


def _in_time(end: float) -> bool:
    """Returns True until `end`, and raises after it."""
    if time.monotonic() > end:
        raise _too_late()
    return True


def _body(status: int, content: bytes) -> bytes:
    if status == httpx.codes.OK:
        return content
    raise error_of(code_of(status), _reason(status, content))


def _reason(status: int, content: bytes) -> str:
    """Returns the message of an error, which a proxy in between may have written in its own way."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status} {content[:200].decode('utf-8', 'replace')}".strip()


def _serving_error(error: httpx.TransportError) -> ServingError:
    if isinstance(error, httpx.TimeoutException):
        return _too_late()
    return UnavailableError("UNAVAILABLE", str(error) or type(error).__name__)


def _too_late() -> DeadlineExceededError:
    return DeadlineExceededError("DEADLINE_EXCEEDED", "no answer came in time")
