"""Every version that the manager knows, and with which of them something can be done next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from serving.server.harness import Harness
from serving.server.state import State

Wanted = Mapping[str, Mapping[int, Path]]
"""Folder by version, by the name of the model."""


class Harnesses:
    """The versions of every model; guarded by the manager's lock."""

    def __init__(self, is_idle: Callable[[Harness], bool]) -> None:
        """Takes what tells whether no request holds a version."""
        self._is_idle = is_idle
        self._all: dict[tuple[str, int], Harness] = {}

    def __iter__(self) -> Iterator[Harness]:
        return iter(self._all.values())

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._all

    def remove(self, harness: Harness) -> None:
        """Forgets a version; where it is wanted again, it is a new one."""
        del self._all[harness.name, harness.version]

    def want(self, wanted: Wanted) -> list[tuple[Harness, State]]:
        """Takes note of what is wanted now. A version that failed is new once it has been gone.

        Returns:
          The versions that enter another state by it, with that state.
        """
        changes = []
        for harness in list(self):
            harness.is_wanted = harness.version in wanted.get(harness.name, {})
            if harness.is_wanted:
                continue
            if harness.state in (State.START, State.LOADING):
                changes.append((harness, State.END))
            if harness.state in (State.START, State.LOADING, State.END):
                self.remove(harness)
        for name, versions in wanted.items():
            for version, path in versions.items():
                if (name, version) not in self:
                    harness = self._all[name, version] = Harness(name, version, path)
                    changes.append((harness, State.START))
        return changes

    def next(self, now: float) -> Harness | None:
        """Returns a version that something can be done with; its state says what.

        Memory is freed before more is taken: UNLOADING is to be closed, AVAILABLE to be unloaded,
        START and LOADING to be loaded.
        """
        return self._to_close() or self._to_unload() or self._to_load(now)

    def next_attempt(self) -> float | None:
        """Returns the `time.monotonic()` at which the next load is due; None: no load is."""
        pending = (harness.next_attempt for harness in self if harness.is_pending)
        return min(pending, default=None)

    def is_settled(self, name: str, *, is_served: bool, want_all: bool) -> bool:
        """Tells whether a wait for a model is over.

        Args:
          name: The model.
          is_served: Whether a version of it answers.
          want_all: Whether every wanted version is waited for, not only the first.
        """
        wanted = self._wanted(name)
        if any(harness.is_pending for harness in wanted):
            return is_served and not want_all
        return bool(wanted)

    def _to_close(self) -> Harness | None:
        return _first(
            harness
            for harness in self
            if harness.state is State.UNLOADING and self._is_idle(harness)
        )

    def _to_unload(self) -> Harness | None:
        """Returns a version that can go: its successor is there, or nothing is wanted instead."""
        return _first(
            harness
            for harness in self
            if harness.state is State.AVAILABLE
            and not harness.is_wanted
            and self._has_successor(harness.name)
        )

    def _to_load(self, now: float) -> Harness | None:
        due = (harness for harness in self if harness.is_pending and harness.next_attempt <= now)
        return max(due, key=lambda harness: harness.version, default=None)

    def _has_successor(self, name: str) -> bool:
        wanted = self._wanted(name)
        return not wanted or any(harness.state is State.AVAILABLE for harness in wanted)

    def _wanted(self, name: str) -> list[Harness]:
        return [harness for harness in self if harness.name == name and harness.is_wanted]


def _first(harnesses: Iterable[Harness]) -> Harness | None:
    return next(iter(harnesses), None)
