"""What a call can fail with: one class for each thing that a caller can do about it."""

from typing import Final

from schemas.errors import AlbertTfxError


class ServingError(AlbertTfxError):
    """A call that got no answer.

    Attributes:
      code: Name of the gRPC status code (`INVALID_ARGUMENT`); over REST, the one that the HTTP
        status stands for.
      can_retry: Whether the same request may succeed later. Asking a model changes nothing, so a
        request may be sent again even where its fate is unknown.
    """

    can_retry = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class InvalidRequestError(ServingError):
    """The request is wrong for this model: change it."""

    exit_code = 2


class NotFoundError(ServingError):
    """There is no such model or version on the server."""

    exit_code = 2


class AccessError(ServingError):
    """The token is missing or wrong, or does not allow this."""

    exit_code = 2


class UnavailableError(ServingError):
    """The server cannot be reached, or has no room in its queue."""

    can_retry = True


class OverloadedError(ServingError):
    """The server is out of some resource."""

    can_retry = True


class DeadlineExceededError(ServingError):
    """No answer came in time."""

    can_retry = True


class ServerFailureError(ServingError):
    """The model or the server failed on this request."""


class AnswerError(ServingError):
    """What came back is no answer of TensorFlow Serving, or not one of a task known here."""

    def __init__(self, message: str) -> None:
        super().__init__("UNKNOWN", message)


_BY_CODE: Final[dict[str, type[ServingError]]] = {
    "INVALID_ARGUMENT": InvalidRequestError,
    "FAILED_PRECONDITION": InvalidRequestError,
    "OUT_OF_RANGE": InvalidRequestError,
    "NOT_FOUND": NotFoundError,
    "UNAUTHENTICATED": AccessError,
    "PERMISSION_DENIED": AccessError,
    "UNAVAILABLE": UnavailableError,
    "RESOURCE_EXHAUSTED": OverloadedError,
    "DEADLINE_EXCEEDED": DeadlineExceededError,
}

_BY_HTTP_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

_TOO_LARGE = "larger than max"
"""In gRPC's RESOURCE_EXHAUSTED for a message over a limit, which is as large the next time."""


def error_of(code: str, message: str) -> ServingError:
    """Returns the error for a gRPC status.

    >>> type(error_of("NOT_FOUND", "Servable not found")).__name__
    'NotFoundError'
    """
    if code == "RESOURCE_EXHAUSTED" and _TOO_LARGE in message:
        return InvalidRequestError(code, f"{message}; lower batch_size or max_batch_bytes")
    return _BY_CODE.get(code, ServerFailureError)(code, message)


def code_of(http_status: int) -> str:
    """Returns the gRPC status code that an HTTP status of TensorFlow Serving stands for."""
    return _BY_HTTP_STATUS.get(http_status, "INTERNAL" if http_status >= 500 else "UNKNOWN")
