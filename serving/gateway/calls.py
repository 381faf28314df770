"""A request on its way through the gateway, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Method = Literal["predict", "classify", "regress", "multi_inference", "metadata", "status"]

SPLIT_METHODS: frozenset[Method] = frozenset(("predict", "classify", "regress", "multi_inference"))
"""Methods that a canary answers too."""


@dataclass(frozen=True)
class Reply:
    """What a server answered.

    Attributes:
      code: Name of the gRPC status code, `OK` for an answer; over REST, what the status stands for.
      body: The answer's bytes; over REST those of an error too.
      message: Why there is no answer.
      http_status: Status over REST.
    """

    code: str
    body: bytes = b""
    message: str = ""
    http_status: int = 200

    @property
    def is_ok(self) -> bool:
        """Whether it is an answer."""
        return self.code == "OK"


class Call(Protocol):
    """A request, of either protocol."""

    @property
    def protocol(self) -> Literal["grpc", "rest"]:
        """What it came by."""
        ...

    @property
    def method(self) -> Method:
        """What is asked."""
        ...

    @property
    def model(self) -> str:
        """The model that is asked."""
        ...

    @property
    def is_pinned(self) -> bool:
        """Whether the client chose a version or a label itself."""
        ...

    @property
    def body(self) -> bytes:
        """The request's bytes as they came."""
        ...

    async def send(self, version: int | None, timeout: float) -> Reply:
        """Asks the server, for a version where one is given; never raises for an error of its."""
        ...
