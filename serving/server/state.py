"""The states of every version that was ever seen, as GetModelStatus tells them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from serving.server.errors import Code, StatusError


class State(IntEnum):
    """The life of a version, numbered as in get_model_status.proto."""

    UNKNOWN = 0
    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionStatus:
    """Where one version stands.

    Attributes:
      version: Its number.
      state: Its state; END for an unloaded version, and for one that could not be loaded.
      code: Why it could not be loaded; OK otherwise.
      message: The same in words.
    """

    version: int
    state: State
    code: Code = Code.OK
    message: str = ""


_NEW: Final = VersionStatus(0, State.UNKNOWN)


class StateMonitor:
    """Remembers the last state of each version; one that is gone stays listed as END."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, dict[int, VersionStatus]] = {}

    def set(self, model: str, status: VersionStatus) -> None:
        """Notes the state that a version has reached."""
        with self._lock:
            self._models.setdefault(model, {})[status.version] = status

    def get(self, model: str, version: int) -> VersionStatus:
        """Returns the state of one version; UNKNOWN where it was never seen."""
        with self._lock:
            return self._models.get(model, {}).get(version, _NEW)

    def versions(self, model: str, version: int | None = None) -> list[VersionStatus]:
        """Returns the states of a model's versions, highest first.

        Args:
          model: Its name.
          version: Only this one.

        Raises:
          StatusError: NOT_FOUND, if the model or the version was never seen.
        """
        with self._lock:
            known = dict(self._models.get(model, {}))
        if not known:
            raise StatusError(Code.NOT_FOUND, f"Could not find any versions of model {model}")
        if version is None:
            return [known[number] for number in sorted(known, reverse=True)]
        if version not in known:
            raise StatusError(Code.NOT_FOUND, f"Could not find version {version} of model {model}")
        return [known[version]]
