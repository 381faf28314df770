"""The gateway's gRPC port: bytes in, bytes out."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio

from schemas.errors import UserError
from serving.client.endpoint import Endpoint
from serving.gateway.access import is_allowed
from serving.gateway.grpc_call import METHODS, GrpcCall, GrpcUpstream
from serving.gateway.settings import GatewaySettings
from serving.gateway.traffic import Traffic

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # a port in use is an error, not a share of its connections
)


class GrpcFace(grpc.GenericRpcHandler):
    """Serves the methods of TensorFlow Serving that may pass."""

    def __init__(self, settings: GatewaySettings, traffic: Traffic) -> None:
        """Opens the port; call it in the event loop that will serve.

        Args:
          settings: Where to listen, whom to ask, whom to let in.
          traffic: Carries the requests.

        Raises:
          UserError: If the port is taken, or the certificate cannot be read.
        """
        self._settings = settings
        self._traffic = traffic
        self._upstream = GrpcUpstream(Endpoint.parse(settings.upstream or "").address)
        self._server = grpc.aio.server(handlers=(self,), options=_OPTIONS)
        address = f"{settings.host}:{settings.port}"
        try:
            self.port = (
                self._server.add_secure_port(address, _credentials(settings))
                if settings.cert_file
                else self._server.add_insecure_port(address)
            )
        except RuntimeError as error:
            raise UserError(f"--port: cannot listen on {address}; choose another") from error

    def service(self, handler_call_details: Any) -> grpc.RpcMethodHandler | None:
        """Returns what answers a method; None: UNIMPLEMENTED."""
        path = handler_call_details.method
        if path not in METHODS:
            return None

        async def answer(body: bytes, context: Any) -> bytes:
            return await self._answer(path, body, context)

        return grpc.unary_unary_rpc_method_handler(answer)

    async def start(self) -> None:
        """Begins to serve."""
        await self._server.start()

    async def stop(self, grace_seconds: float) -> None:
        """Takes no more requests, and waits for those in progress."""
        await self._server.stop(grace_seconds)
        await self._upstream.close()

    async def _answer(self, path: str, body: bytes, context: Any) -> bytes:
        metadata = dict(context.invocation_metadata() or ())
        if not is_allowed(self._settings.token, metadata.get("authorization")):
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "the gateway asks for a valid bearer token"
            )
        call = await self._call(path, body, context)
        left = context.time_remaining()
        reply = await self._traffic.handle(call, left or self._settings.timeout)
        if not reply.is_ok:
            await context.abort(grpc.StatusCode[reply.code], reply.message)
        return reply.body

    async def _call(self, path: str, body: bytes, context: Any) -> GrpcCall:
        try:
            return GrpcCall(path, body, self._upstream)
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise  # abort has raised


def _credentials(settings: GatewaySettings) -> grpc.ServerCredentials:
    try:
        files = [path.read_bytes() for path in (settings.key_file, settings.cert_file) if path]
    except OSError as error:
        raise UserError(f"the certificate cannot be read: {error}") from error
    return grpc.ssl_server_credentials([(files[0], files[1])])
