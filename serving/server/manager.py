"""Keeps what is in memory equal to what is wanted: loads, retries, swaps and unloads versions.

One thread looks at the file system and works, so at most one version is being loaded at a time. A
new version is available before the one that it replaces is unloaded; one that cannot be loaded
replaces nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.server.config import ModelTarget
from serving.server.errors import Code, StatusError
from serving.server.harness import Harness
from serving.server.harnesses import Harnesses
from serving.server.loader import release_memory
from serving.server.servable import Servable
from serving.server.serving_map import ServingMap
from serving.server.source import wanted_versions
from serving.server.state import State, StateMonitor, VersionStatus

_log = logging.getLogger(__name__)

Load = Callable[[str, int, Path], Servable]
"""Loads one version of a model; raises StatusError."""


@dataclass(frozen=True)
class ManagerOptions:
    """How often the manager looks and tries.

    Attributes:
      poll_seconds: Time between looks at the file system; 0: once; negative: never.
      max_num_retries: Loads of a version after the first one failed.
      retry_seconds: Time between them.
    """

    poll_seconds: float = 1.0
    max_num_retries: int = 5
    retry_seconds: float = 60.0


class ModelManager:
    """The served models.

    Attributes:
      serving: What answers requests.
      states: What GetModelStatus tells.
    """

    def __init__(self, load: Load, options: ManagerOptions) -> None:
        """Takes what loads a version; nothing runs before `start`."""
        self.serving = ServingMap(self.wake)
        self.states = StateMonitor()
        self._load = load
        self._options = options
        self._targets: dict[str, ModelTarget] = {}
        self._harnesses = Harnesses(self.serving.is_idle)
        self._changed = threading.Condition()
        self._is_awake = False
        self._is_stopping = False
        self._generation = 0
        self._polled_generation = 0
        self._next_poll: float | None = None
        self._thread = threading.Thread(target=self._work, name="model-manager", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def give_up(self) -> None:
        """Loads nothing more, and ends every wait for it; safe in a signal handler."""
        self._is_stopping = True

    def stop(self) -> None:
        """Stops the thread after the load in progress, and frees every version."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        for harness in self._harnesses:
            if harness.servable is not None:
                self.serving.remove(harness)
                harness.servable.close()

    def wake(self) -> None:
        """Makes the thread look for something to do."""
        with self._changed:
            self._is_awake = True
            self._changed.notify_all()

    def set_targets(self, targets: Mapping[str, ModelTarget]) -> int:
        """Replaces the configuration; models that it does not name will be unloaded.

        Returns:
          The generation to wait for in `await_models`.
        """
        with self._changed:
            self._targets = dict(targets)
            self._generation += 1
            self._next_poll = time.monotonic()
            self._changed.notify_all()
            return self._generation

    def await_models(
        self,
        generation: int,
        *,
        want_all: bool,
        keep_waiting: Callable[[], bool] = lambda: True,
    ) -> None:
        """Waits until each model of a configuration has an available version.

        Args:
          generation: What `set_targets` returned.
          want_all: Wait for every wanted version, not only for the first.
          keep_waiting: Asked twice a second; a false answer ends the wait.

        Raises:
          StatusError: UNKNOWN, if a model cannot become available; CANCELLED, if `keep_waiting`
            or `stop` ended it.
        """
        with self._changed:
            while not self._is_settled(generation, want_all=want_all):
                if self._is_stopping or not keep_waiting():
                    raise StatusError(Code.CANCELLED, "The wait for the models was ended")
                self._changed.wait(0.5)
            failed = [
                str(harness)
                for harness in self._harnesses
                if harness.error and not self.serving.versions(harness.name)
            ]
        if failed:
            raise StatusError(
                Code.UNKNOWN, f"Some models did not become available: {{{', '.join(failed)}}}"
            )

    def _is_settled(self, generation: int, *, want_all: bool) -> bool:
        if self._polled_generation < generation:
            return False
        served = {name: bool(self.serving.versions(name)) for name in self._targets}
        return all(
            self._harnesses.is_settled(name, is_served=is_served, want_all=want_all)
            for name, is_served in served.items()
        )

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._is_stopping:
                    return
                self._is_awake = False
            if self._next_poll is not None and time.monotonic() >= self._next_poll:
                self._poll()
            while self._step():
                pass
            with self._changed:
                self._changed.notify_all()
                if not self._is_awake and not self._is_stopping:
                    self._changed.wait(self._seconds_to_wait())

    def _seconds_to_wait(self) -> float | None:
        """Returns the time until the next look or retry is due; None: until woken."""
        due = (self._harnesses.next_attempt(), self._next_poll)
        times = [each for each in due if each is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _poll(self) -> None:
        with self._changed:
            targets, generation = list(self._targets.values()), self._generation
            seconds = self._options.poll_seconds
            is_polling = seconds > 0 or generation > self._polled_generation
        try:
            wanted = wanted_versions(targets)
        except StatusError as error:
            _log.error("file system access error: %s", error)
            wanted = None
            seconds = seconds or 1.0  # a configuration that could not be read yet is tried again
        with self._changed:
            if wanted is not None and generation == self._generation:
                for harness, state in self._harnesses.want(wanted):
                    self._enter(harness, state)
                self._polled_generation = generation
            if generation == self._generation:
                keep = is_polling and seconds > 0
                self._next_poll = time.monotonic() + seconds if keep else None

    def _step(self) -> bool:
        """Does the next thing that can be done; returns whether there was one."""
        with self._changed:
            if self._is_stopping:
                return False
            harness = self._harnesses.next(time.monotonic())
        if harness is None:
            return False
        if harness.state is State.AVAILABLE:
            self._unload(harness)
        elif harness.state is State.UNLOADING:
            self._close(harness)
        else:
            self._try_to_load(harness)
        return True

    def _try_to_load(self, harness: Harness) -> None:
        self._enter(harness, State.LOADING)
        harness.num_attempts += 1
        try:
            servable = self._load(harness.name, harness.version, harness.path)
        except StatusError as error:
            self._note_failure(harness, error)
            return
        except Exception as error:  # noqa: BLE001 - a model can fail in any way; the server goes on
            self._note_failure(harness, StatusError(Code.UNKNOWN, f"{error!r}"))
            return
        harness.servable = servable
        self.serving.add(harness, servable)
        self._enter(harness, State.AVAILABLE)

    def _note_failure(self, harness: Harness, error: StatusError) -> None:
        _log.error(
            "Loading servable %s failed (attempt %d): %s", harness, harness.num_attempts, error
        )
        if harness.num_attempts > self._options.max_num_retries:
            harness.error = error
            self._enter(harness, State.END, error)
        else:
            harness.next_attempt = time.monotonic() + self._options.retry_seconds
        release_memory()

    def _unload(self, harness: Harness) -> None:
        self._enter(harness, State.UNLOADING)
        self.serving.remove(harness)

    def _close(self, harness: Harness) -> None:
        servable, harness.servable = harness.servable, None
        if servable is not None:
            servable.close()
        del servable
        release_memory()
        self._enter(harness, State.END)
        with self._changed:
            self._harnesses.remove(harness)
            if harness.is_wanted:  # wanted again while it went: the next look finds it new
                self._next_poll = time.monotonic()

    def _enter(self, harness: Harness, state: State, error: StatusError | None = None) -> None:
        with self._changed:
            harness.state = state
            code, message = (error.code, error.message) if error else (Code.OK, "")
            self.states.set(harness.name, VersionStatus(harness.version, state, code, message))
            self._changed.notify_all()
        _log.info("servable %s: %s", harness, state.name)
