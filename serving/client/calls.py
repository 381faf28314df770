"""A call, whatever protocol carries it: what is asked of which model, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from schemas.features import SERVING_DEFAULT
from serving.client.answers import Value
from serving.client.errors import NotFoundError

Columns = Mapping[str, Sequence[str] | Sequence[Sequence[str]]]
"""Texts of each input by name, `(batch,)`, or lists of one length, `(batch, length)`."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Target:
    """The model that is asked.

    Attributes:
      model: Its name on the server.
      version: Number of the version; None: the server's default, or that of `label`.
      label: Version label, such as `stable`; None: none.
      signature: Name of the signature.
    """

    model: str
    version: int | None = None
    label: str | None = None
    signature: str = SERVING_DEFAULT

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("model must be the name of a model on the server; received ''")
        if self.version is not None and self.label is not None:
            raise ValueError(
                "give a version or a label, not both; "
                f"received version {self.version} and label {self.label!r}"
            )

    def __str__(self) -> str:
        """Returns the model, and what was chosen of it.

        >>> print(Target("reviews", version=3))
        model reviews, version 3
        """
        chosen = {"version": self.version, "label": self.label}
        said = [f"{kind} {value}" for kind, value in chosen.items() if value is not None]
        return ", ".join([f"model {self.model}", *said])


@dataclass(frozen=True)
class Signature:
    """Names of the inputs and outputs of a signature, in alphabetical order."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class VersionStatus:
    """One version on the server.

    Attributes:
      version: Its number.
      state: START, LOADING, AVAILABLE, UNLOADING or END.
      problem: Why it is not available, where it failed.
    """

    version: int
    state: str
    problem: str = ""


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One request.

    Attributes:
      target: Path of the gRPC method, or the HTTP method and path.
      body: The request's bytes.
      decode: Turns the response's bytes into the result; raises AnswerError.
    """

    target: str
    body: bytes
    decode: Callable[[bytes], T_co]


class Codec(Protocol):
    """How a protocol writes calls."""

    def predict(
        self, target: Target, signature: Signature, inputs: Columns
    ) -> Call[Mapping[str, Value]]:
        """Asks for the outputs of `signature` to `inputs`, texts `(batch,)` by name."""
        ...

    def signature(self, target: Target) -> Call[Signature]:
        """Asks what the signature takes and gives."""
        ...

    def status(self, target: Target) -> Call[list[VersionStatus]]:
        """Asks for the versions of the model."""
        ...


def chosen_signature(name: str, signatures: Mapping[str, T]) -> T:
    """Returns the signature called `name` of a model's metadata.

    Raises:
      NotFoundError: If the model has no such signature.
    """
    if name not in signatures:
        known = ", ".join(sorted(known for known in signatures if not known.startswith("__")))
        raise NotFoundError(
            "NOT_FOUND",
            f"the model has the signatures {known}; received {name!r}",
            advice="export it with that signature",
        )
    return signatures[name]
