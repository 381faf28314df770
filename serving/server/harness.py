"""What the manager knows of one version: whether it is wanted, its state, and who is using it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serving.server.errors import StatusError
from serving.server.servable import Servable
from serving.server.state import State


@dataclass
class Harness:
    """One version from the moment that it is first wanted; guarded by the manager's lock.

    Attributes:
      name: The model's name.
      version: Its number.
      path: Its folder.
      is_wanted: Whether the configuration wants it now.
      state: Where it stands.
      error: Why it could not be loaded, once its attempts are spent.
      num_attempts: Loads tried.
      next_attempt: `time.monotonic()` before which it is not tried again.
      servable: The loaded version, while there is one.
      num_users: Requests that hold it.
    """

    name: str
    version: int
    path: Path
    is_wanted: bool = True
    state: State = State.START
    error: StatusError | None = None
    num_attempts: int = 0
    next_attempt: float = 0.0
    servable: Servable | None = None
    num_users: int = 0

    def __str__(self) -> str:
        """Returns it as the real server's log names it."""
        return f"{{name: {self.name} version: {self.version}}}"

    @property
    def is_pending(self) -> bool:
        """Whether it is wanted and may still become available."""
        return self.is_wanted and self.state in (State.START, State.LOADING)
