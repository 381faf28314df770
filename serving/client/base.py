"""What the two clients have in common: what they are told, and what follows from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from serving.client.batches import BatchLimits
from serving.client.calls import Codec, Signature, Target
from serving.client.endpoint import Endpoint, Tls
from serving.client.errors import ServingError
from serving.client.grpc_codec import GrpcCodec
from serving.client.rest_codec import RestCodec
from serving.client.retry import RetryPolicy


class BaseClient(ABC):
    """The choices of a client.

    Attributes:
      target: The model, and which version of it.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        url: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 10.0,
        limits: BatchLimits | None = None,
        retry: RetryPolicy | None = None,
        token: str | None = None,
        tls: Tls | None = None,
    ) -> None:
        """Makes a client; it connects with the first call.

        Args:
          url: `grpc://HOST:PORT` or `http://HOST:PORT`; with TLS `grpcs://` or `https://`.
          model: Name of the model on the server.
          version: Number of a version; None: the one that is live.
          label: Version label, such as `stable`; None: none.
          timeout: Seconds that a call may take, with all its batches and retries.
          limits: How large one request may be.
          retry: When a request is sent again.
          token: Bearer token.
          tls: Certificates, where the usual authorities do not do.

        Raises:
          UserError: If the URL or a certificate cannot be used.
        """
        self._endpoint = Endpoint.parse(url, token=token, tls=tls)
        self.target = Target(model, version, label)
        self._timeout = timeout
        self._limits = limits or BatchLimits()
        self._retry = retry or RetryPolicy()
        self._codec: Codec = GrpcCodec() if self._endpoint.is_grpc else RestCodec()
        self._signature: Signature | None = None
        self._open()

    @abstractmethod
    def _open(self) -> None:
        """Makes what the connection needs; raises UserError for a certificate that is none."""

    @contextmanager
    def _naming_server(self) -> Iterator[None]:
        """Says in the error of a call which model was asked, and where."""
        try:
            yield
        except ServingError as error:
            error.asked = f"{self.target} at {self._endpoint.url}"
            raise
