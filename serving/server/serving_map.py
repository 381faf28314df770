"""Which version answers which request: the available ones, and the labels on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.harness import Harness
from serving.server.servable import Servable


@dataclass(frozen=True)
class ServableRequest:
    """What a request says of the model it wants.

    Attributes:
      name: The model.
      version: A version; None: the highest that is available.
      label: A label instead of a version.
    """

    name: str
    version: int | None = None
    label: str = ""


class ServingMap:
    """The available versions. A request holds its version until it is answered."""

    def __init__(self, on_idle: Callable[[], None]) -> None:
        """Takes what is called when the last request leaves a version that is to go."""
        self._lock = threading.Lock()
        self._available: dict[str, dict[int, tuple[Harness, Servable]]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._on_idle = on_idle

    def add(self, harness: Harness, servable: Servable) -> None:
        """Makes a loaded version findable."""
        with self._lock:
            self._available.setdefault(harness.name, {})[harness.version] = harness, servable

    def remove(self, harness: Harness) -> None:
        """Takes a version away from new requests."""
        with self._lock:
            self._available.get(harness.name, {}).pop(harness.version, None)

    def is_idle(self, harness: Harness) -> bool:
        """Whether no request holds a version."""
        with self._lock:
            return harness.num_users == 0

    def versions(self, name: str) -> set[int]:
        """Returns the available versions of a model."""
        with self._lock:
            return set(self._available.get(name, {}))

    def labels(self, name: str) -> dict[str, int]:
        """Returns the labels of a model."""
        with self._lock:
            return dict(self._labels.get(name, {}))

    def set_labels(self, labels: Mapping[str, Mapping[str, int]]) -> None:
        """Replaces the labels of every model."""
        with self._lock:
            self._labels = {name: dict(versions) for name, versions in labels.items()}

    @contextmanager
    def hold(self, request: ServableRequest) -> Iterator[Servable]:
        """Yields the version that a request asks for, which stays loaded meanwhile.

        Raises:
          StatusError: INVALID_ARGUMENT for an unknown label or no name, NOT_FOUND for an unknown
            model or version, as the real server has it.
        """
        with self._lock:
            harness, servable = self._find(request)
            harness.num_users += 1
        try:
            yield servable
        finally:
            with self._lock:
                harness.num_users -= 1
                is_last = harness.num_users == 0 and not harness.is_wanted
            if is_last:
                self._on_idle()

    def _find(self, request: ServableRequest) -> tuple[Harness, Servable]:
        if not request.name:
            raise invalid_argument("ModelSpec has no name specified.")
        version = request.version
        if request.label:
            version = self._labels.get(request.name, {}).get(request.label)
            if version is None:
                raise invalid_argument(f"Unrecognized servable version label: {request.label}")
        available = self._available.get(request.name, {})
        if version is None and available:
            return available[max(available)]
        if version is None or version not in available:
            wanted = (
                f"Latest({request.name})"
                if version is None
                else f"Specific({request.name}, {version})"
            )
            raise StatusError(Code.NOT_FOUND, f"Servable not found for request: {wanted}")
        return available[version]
