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
      advice: What to do about it.
      asked: Model and address that were asked; empty where nothing was sent.
    """

    can_retry = False
    advice = "the server's log says more"
    asked = ""

    def __init__(self, code: str, message: str, *, advice: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.advice = self.advice if advice is None else advice

    def __str__(self) -> str:
        said = super().__str__()
        return f"{self.asked}: {said}; {self.advice}" if self.asked else said


class InvalidRequestError(ServingError):
    """The request is wrong for this model: change it."""

    exit_code = 2
    advice = "change what is asked; /v1/models/NAME/metadata of its REST port says what it takes"


class NotFoundError(ServingError):
    """There is no such model or version on the server."""

    exit_code = 2
    advice = (
        "compare name, version and label with what the server was started with (--model_name, or "
        "its model config file); its log says which versions it holds"
    )


class AccessError(ServingError):
    """The token is missing or wrong, or does not allow this."""

    exit_code = 2
    advice = "give the server's token: token=…, --token or ALBERT_TFX_TOKEN"


class UnavailableError(ServingError):
    """The server cannot be reached, or has no room in its queue."""

    can_retry = True
    advice = (
        "is a server running there? `albert-tfx serve --model_name NAME --model_base_path DIR "
        "--rest_api_port 8501` starts one, gRPC on port 8500; one that is busy answers later"
    )


class OverloadedError(ServingError):
    """The server is out of some resource."""

    can_retry = True
    advice = "ask later, or with fewer texts at once (BatchLimits, --batch-size)"


class DeadlineExceededError(ServingError):
    """No answer came in time."""

    can_retry = True
    advice = (
        "raise timeout (--timeout), or ask fewer texts at once (BatchLimits, --batch-size); where "
        "nothing is ever answered, the address may be wrong"
    )


class ServerFailureError(ServingError):
    """The model or the server failed on this request."""


class AnswerError(ServingError):
    """What came back is no answer of TensorFlow Serving, or not one of a task known here."""

    advice = "is that a TensorFlow Serving, and does its protocol fit the URL?"

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
        advice = "ask with fewer texts at once (BatchLimits, --batch-size)"
        return InvalidRequestError(code, message, advice=advice)
    return _BY_CODE.get(code, ServerFailureError)(code, message)


def code_of(http_status: int) -> str:
    """Returns the gRPC status code that an HTTP status of TensorFlow Serving stands for."""
    return _BY_HTTP_STATUS.get(http_status, "INTERNAL" if http_status >= 500 else "UNKNOWN")
