"""The steps of a run, and who is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True)
class Step:
    """A node that has ended.

    Attributes:
      name: The node's id.
      status: Whether it ran, was cached, or failed.
      seconds: Time it took.
      outputs: Artifact URIs by output key.
    """

    name: str
    status: Literal["run", "cached", "failed"]
    seconds: float
    outputs: Mapping[str, list[str]] = field(default_factory=dict)


class StepObserver(Protocol):
    """Who is told of the steps."""

    def started(self, name: str) -> None:
        """Called before a node starts."""

    def ended(self, step: Step) -> None:
        """Called after a node has ended, in whatever way."""
