"""Requests over gRPC: which methods pass, and how a version gets into one without decoding it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Literal

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from serving.client.grpc_channels import OPTIONS
from serving.client.grpc_codec import MODEL_SERVICE, PREDICTION_SERVICE
from serving.gateway.calls import Method, Reply
from serving.gateway.wire import Envelope, MultiInferenceRequest

METHODS: Final[dict[str, Method]] = {
    f"{PREDICTION_SERVICE}/Predict": "predict",
    f"{PREDICTION_SERVICE}/Classify": "classify",
    f"{PREDICTION_SERVICE}/Regress": "regress",
    f"{PREDICTION_SERVICE}/MultiInference": "multi_inference",
    f"{PREDICTION_SERVICE}/GetModelMetadata": "metadata",
    f"{MODEL_SERVICE}/GetModelStatus": "status",
}
"""What passes. HandleReloadConfigRequest does not: what is served is not for clients to say."""


class GrpcUpstream:
    """The gRPC port of the server behind."""

    def __init__(self, address: str) -> None:
        """Makes a connection for the running event loop.

        Args:
          address: HOST:PORT.
        """
        self._channel = grpc.aio.insecure_channel(address, OPTIONS)

    async def send(self, path: str, body: bytes, timeout: float) -> Reply:
        """Asks the server."""
        method: Any = self._channel.unary_unary(path)
        try:
            return Reply("OK", await method(body, timeout=timeout))
        except grpc.aio.AioRpcError as error:
            return Reply(error.code().name, message=error.details() or "")

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()


class GrpcCall:
    """One request."""

    protocol: Literal["grpc"] = "grpc"

    def __init__(self, path: str, body: bytes, upstream: GrpcUpstream) -> None:
        """Takes a request as it came.

        Args:
          path: Path of the method, one of METHODS.
          body: The message's bytes.
          upstream: Who is asked.

        Raises:
          ValueError: If the bytes are no message.
        """
        self.method: Method = METHODS[path]
        self.body = body
        self._path = path
        self._upstream = upstream
        message_class = MultiInferenceRequest if self.method == "multi_inference" else Envelope
        try:
            self._message = message_class.FromString(body)
        except DecodeError as error:
            raise ValueError(f"the request is no message of {path}") from error

    @cached_property
    def _specs(self) -> list[Any]:
        """The model specs in the message; none where it has none."""
        if self.method == "multi_inference":
            return [task.model_spec for task in self._message.tasks]
        return [self._message.model_spec] if self._message.HasField("model_spec") else []

    @property
    def model(self) -> str:
        return self._specs[0].name if self._specs else ""

    @property
    def is_pinned(self) -> bool:
        return not self._specs or any(
            spec.HasField("version") or spec.version_label for spec in self._specs
        )

    async def send(self, version: int | None, timeout: float) -> Reply:
        if version is None or not self._specs:
            return await self._upstream.send(self._path, self.body, timeout)
        for spec in self._specs:
            spec.version.value = version
        return await self._upstream.send(self._path, self._message.SerializeToString(), timeout)
