"""The REST face: an ASGI application, and the uvicorn server that runs it in a thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount

from serving.gzip_body import is_zipped, unzipped
from serving.server.errors import HTTP_STATUS, Code, StatusError, invalid_argument
from serving.server.json_response import write_error
from serving.server.metrics import Metrics
from serving.server.ports import listen
from serving.server.rest_backend import RestBackend
from serving.server.rest_path import API, RestCall, VersionOverflowError, parse_call

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_JSON: Final = "application/json"
_log = logging.getLogger(__name__)


class RestApi:
    """Every path and method of the REST port."""

    def __init__(
        self,
        backend: RestBackend,
        metrics: Metrics,
        *,
        num_threads: int,
        timeout_seconds: float,
        metrics_path: str | None = None,
    ) -> None:
        """Takes what answers.

        Args:
          backend: Answers the calls, in threads.
          metrics: Counts them.
          num_threads: How many at the same time.
          timeout_seconds: A call ends with DEADLINE_EXCEEDED after this time.
          metrics_path: Where the metrics are; None: nowhere.
        """
        self._backend = backend
        self._threads = ThreadPoolExecutor(num_threads, thread_name_prefix="rest")
        self._timeout_seconds = timeout_seconds
        self._metrics = metrics
        self._metrics_path = metrics_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, ASGI."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    def close(self) -> None:
        """Ends the threads, after what they are at."""
        self._threads.shutdown()

    async def _respond(self, request: Request) -> Response:
        path = _path(request)
        if path == self._metrics_path and request.method == "GET":
            return PlainTextResponse(self._metrics.render())
        if not API.fullmatch(path):
            return PlainTextResponse("Not Found", 404)
        if request.method == "OPTIONS" and request.headers.get("origin", "").startswith("http"):
            return Response(
                b""
            )  # what a browser asks first; it goes no further without CORS headers
        body = await request.body()
        begun = time.monotonic()
        call, code = None, Code.OK
        try:
            call = parse_call(request.method, path)
            content = await self._answer(request, call, body)
        except VersionOverflowError as error:
            code, content = error.code, b""
        except StatusError as error:
            code, content = error.code, write_error(error.message)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends one request, not the server
            _log.exception("%s %s failed", request.method, path)
            code, content = Code.INTERNAL, write_error(f"{type(error).__name__}: {error}")
        model, api = (call.model, call.action) if call else ("", "")
        self._metrics.answered(model, api, "REST", code.name, time.monotonic() - begun)
        return Response(content, HTTP_STATUS[code], media_type=_JSON)

    async def _answer(self, request: Request, call: RestCall, body: bytes) -> bytes:
        if is_zipped(request.headers.get("content-encoding")):
            body = _unzipped(body)
        deadline = time.monotonic() + self._timeout_seconds
        answer = asyncio.get_running_loop().run_in_executor(
            self._threads, self._backend.answer, call, body, deadline
        )
        try:
            return await asyncio.wait_for(answer, self._timeout_seconds)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise StatusError(
                Code.DEADLINE_EXCEEDED, "Timed out waiting for notification"
            ) from error


def _path(request: Request) -> str:
    """Returns the path as the client wrote it, the query included."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


def _unzipped(body: bytes) -> bytes:
    try:
        return unzipped(body) or b""
    except ValueError as error:
        raise invalid_argument(str(error)) from error


class RestServer:
    """A REST server on one port."""

    def __init__(self, api: RestApi, *, host: str, port: int) -> None:
        """Takes the port; nothing is answered before `start`.

        Raises:
          UserError: If the port is taken.
        """
        self._api = api
        self._socket = listen(host, port, "--rest_api_port")
        config = uvicorn.Config(
            Starlette(routes=[Mount("/", app=api)]),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="rest-server", daemon=True)

    def start(self) -> None:
        """Starts to answer."""
        self._thread.start()

    def stop(self, grace_seconds: float) -> None:
        """Takes no more requests, and waits for those in progress."""
        self._server.config.timeout_graceful_shutdown = int(grace_seconds)
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._api.close()
        self._socket.close()

    def _run(self) -> None:
        self._server.run([self._socket])
