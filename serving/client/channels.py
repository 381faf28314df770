"""The interface of a connection: bytes to a server, bytes back."""

from __future__ import annotations

from typing import Protocol

from serving.client.endpoint import Endpoint


class Channel(Protocol):
    """A connection that is waited for."""

    def send(self, target: str, body: bytes, timeout: float) -> bytes:
        """Sends one request.

        Args:
          target: Path of the gRPC method, or the HTTP method and path.
          body: The request's bytes.
          timeout: Seconds until it is given up.

        Raises:
          ServingError: If there is no answer, or it is an error.
        """
        ...

    def close(self) -> None:
        """Closes the connection."""
        ...


class AsyncChannel(Protocol):
    """A connection that is awaited."""

    async def send(self, target: str, body: bytes, timeout: float) -> bytes:
        """Sends one request, as `Channel.send`."""
        ...

    async def close(self) -> None:
        """Closes the connection."""
        ...


def open_channel(endpoint: Endpoint) -> Channel:
    """Returns a connection to `endpoint`; it is made with the first call."""
    if endpoint.is_grpc:
        from serving.client.grpc_channels import GrpcChannel

        return GrpcChannel(endpoint)
    from serving.client.http_channels import HttpChannel

    return HttpChannel(endpoint)


def open_async_channel(endpoint: Endpoint) -> AsyncChannel:
    """Returns a connection to `endpoint` for the running event loop."""
    if endpoint.is_grpc:
        from serving.client.grpc_channels import AsyncGrpcChannel

        return AsyncGrpcChannel(endpoint)
    from serving.client.http_channels import AsyncHttpChannel

    return AsyncHttpChannel(endpoint)
