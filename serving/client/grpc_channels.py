"""Connections over gRPC: bytes in and out, so that no generated stub is needed."""

from __future__ import annotations

from typing import Any, Final

import grpc
import grpc.aio

from serving.client.endpoint import Endpoint
from serving.client.errors import ServingError, error_of

OPTIONS: Final = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),  # retries are ours: they know the deadline of the whole call
    # gRPC waits up to two minutes before it connects again to a server that was restarted.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
)


class GrpcChannel:
    """A gRPC connection that is waited for; threads may share it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._metadata = tuple(endpoint.headers.items())
        self._channel = (
            grpc.secure_channel(endpoint.address, _credentials(endpoint), OPTIONS)
            if endpoint.is_secure
            else grpc.insecure_channel(endpoint.address, OPTIONS)
        )

    def send(self, target: str, body: bytes, timeout: float) -> bytes:
        method: Any = self._channel.unary_unary(target)
        try:
            return method(body, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _serving_error(error) from error

    def close(self) -> None:
        self._channel.close()


class AsyncGrpcChannel:
    """A gRPC connection of one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._metadata = tuple(endpoint.headers.items())
        self._channel = (
            grpc.aio.secure_channel(endpoint.address, _credentials(endpoint), OPTIONS)
            if endpoint.is_secure
            else grpc.aio.insecure_channel(endpoint.address, OPTIONS)
        )

    async def send(self, target: str, body: bytes, timeout: float) -> bytes:
        method: Any = self._channel.unary_unary(target)
        try:
            return await method(body, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _serving_error(error) from error

    async def close(self) -> None:
        await self._channel.close()


def _credentials(endpoint: Endpoint) -> grpc.ChannelCredentials:
    tls = endpoint.tls
    return grpc.ssl_channel_credentials(
        tls.read("ca_file"), tls.read("key_file"), tls.read("cert_file")
    )


def _serving_error(error: Any) -> ServingError:
    return error_of(error.code().name, error.details() or "the server gave no reason")
