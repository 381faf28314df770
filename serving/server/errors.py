"""What a request is refused with: a canonical code and words, the same on gRPC and REST."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from schemas.errors import AlbertTfxError

if TYPE_CHECKING:
    import tensorflow as tf

MAX_GRPC_MESSAGE_LENGTH: Final = 1024
"""Longer messages are cut on gRPC, whose trailers have a limit; REST sends them whole."""

_CUT: Final = "...TRUNCATED"


class Code(IntEnum):
    """The canonical codes, numbered as gRPC and TensorFlow number them."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


HTTP_STATUS: Final = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}


class StatusError(AlbertTfxError):
    """A request, or a load, that ends with a code other than OK.

    Attributes:
      code: What kind of failure it is; decides the HTTP status.
      message: The words that the client gets.
    """

    def __init__(self, code: Code, message: str) -> None:
        """Takes what the client is told."""
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_argument(message: str) -> StatusError:
    """Returns the error of a request that can never succeed."""
    return StatusError(Code.INVALID_ARGUMENT, message)


def from_op_error(error: tf.errors.OpError) -> StatusError:
    """Returns the error of a graph that failed, with its own code and words."""
    return StatusError(Code(error.error_code), error.message or str(error))


def grpc_message(message: str) -> str:
    """Cuts a message to what a gRPC trailer takes.

    >>> grpc_message("short"), len(grpc_message("x" * 5000))
    ('short', 1024)
    """
    if len(message) <= MAX_GRPC_MESSAGE_LENGTH:
        return message
    return message[: MAX_GRPC_MESSAGE_LENGTH - len(_CUT)] + _CUT
