"""A client of TensorFlow Serving: raw text in, typed answers out, without TensorFlow."""

from serving.client.answers import (
    Answer,
    Classification,
    ContextAnswer,
    FillMask,
    MultiLabel,
    MultipleChoice,
    Regression,
    Tagging,
)
from serving.client.async_client import AsyncClient
from serving.client.batches import BatchLimits
from serving.client.client import Client
from serving.client.endpoint import Tls
from serving.client.errors import (
    AccessError,
    AnswerError,
    DeadlineExceededError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    ServerFailureError,
    ServingError,
    UnavailableError,
)
from serving.client.retry import RetryPolicy
from serving.entities import Entity, Span

__all__ = [
    "AccessError",
    "Answer",
    "AnswerError",
    "AsyncClient",
    "BatchLimits",
    "Classification",
    "Client",
    "ContextAnswer",
    "DeadlineExceededError",
    "Entity",
    "FillMask",
    "InvalidRequestError",
    "MultiLabel",
    "MultipleChoice",
    "NotFoundError",
    "OverloadedError",
    "Regression",
    "RetryPolicy",
    "ServerFailureError",
    "ServingError",
    "Span",
    "Tagging",
    "Tls",
    "UnavailableError",
]
