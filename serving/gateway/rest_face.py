"""The gateway's HTTP port: TensorFlow Serving's REST API, metrics, health."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from serving.gateway.access import is_allowed
from serving.gateway.calls import Reply
from serving.gateway.metrics import METRICS_PATH, Metrics
from serving.gateway.rest_call import RestCall, RestUpstream, error_reply
from serving.gateway.settings import GatewaySettings
from serving.gateway.traffic import Traffic
from serving.gzip_body import is_zipped, unzipped
from serving.server.ports import listen

_VERBS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


class RestFace:
    """Serves HTTP."""

    def __init__(self, settings: GatewaySettings, traffic: Traffic, metrics: Metrics) -> None:
        """Opens the port; call it in the event loop that will serve.

        Args:
          settings: Where to listen, whom to ask, whom to let in.
          traffic: Carries the requests.
          metrics: What is shown under the metrics path.

        Raises:
          UserError: If the port is taken.
        """
        self._settings = settings
        self._traffic = traffic
        self._metrics = metrics
        self._upstream = RestUpstream(settings.rest_upstream) if settings.rest_upstream else None
        app = Starlette(
            routes=[
                Route(METRICS_PATH, self._show_metrics),
                Route("/healthz", self._show_health),
                Route("/v1/{path:path}", self._answer, methods=_VERBS),
            ]
        )
        self._socket = listen(settings.host, settings.rest_port, "--rest-port")
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ssl_certfile=settings.cert_file,
                ssl_keyfile=settings.key_file,
                timeout_graceful_shutdown=int(settings.grace_seconds),
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to serve."""
        self._task = asyncio.ensure_future(self._server.serve([self._socket]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Takes no more requests, and waits for those in progress."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()
        if self._upstream is not None:
            await self._upstream.close()

    async def _answer(self, request: Request) -> Response:
        reply = await self._reply(request)
        return Response(reply.body, reply.http_status, media_type="application/json")

    async def _reply(self, request: Request) -> Reply:
        if not is_allowed(self._settings.token, request.headers.get("authorization")):
            return error_reply(401, "the gateway asks for a valid bearer token")
        if self._upstream is None:
            return error_reply(501, "this gateway has no REST server behind it")
        try:
            body = await self._body(request)
        except ValueError as error:
            return error_reply(400, str(error))
        if body is None:
            limit = self._settings.max_body_bytes
            return error_reply(413, f"a body must have at most {limit} bytes; send fewer texts")
        query = f"?{request.url.query}" if request.url.query else ""
        path = request.scope["raw_path"].decode("ascii", "replace") + query
        try:
            call = RestCall(request.method, path, body, self._upstream)
        except ValueError as error:
            return error_reply(400, str(error))
        return await self._traffic.handle(call, self._settings.timeout)

    async def _body(self, request: Request) -> bytes | None:
        """Returns the body, unzipped; None where it is too large.

        Raises:
          ValueError: If it is said to be zipped, and is not.
        """
        limit = self._settings.max_body_bytes
        chunks, num_bytes = [], 0
        try:
            async for chunk in request.stream():
                num_bytes += len(chunk)
                if num_bytes > limit:
                    return None
                chunks.append(chunk)
        except ClientDisconnect:  # nobody is there to read the answer
            return b""
        body = b"".join(chunks)
        if is_zipped(request.headers.get("content-encoding")):
            return unzipped(body, limit)
        return body

    async def _show_metrics(self, request: Request) -> Response:
        del request
        return Response(self._metrics.render(), media_type="text/plain; version=0.0.4")

    async def _show_health(self, request: Request) -> Response:
        del request
        return Response(b"ok", media_type="text/plain")


class _Server(uvicorn.Server):
    """Leaves the signals to the gateway, which stops both ports in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def install_signal_handlers(self) -> None:
        """Does nothing; older uvicorn calls it."""
