"""Which version a request goes to: the live one, or the canary for its share."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from schemas.errors import AlbertTfxError
from serving.control.release import RELEASE_FILE, Release, read_release
from serving.gateway.calls import SPLIT_METHODS, Call

Track = Literal["stable", "canary", "pinned"]

_log = logging.getLogger(__name__)

_CHECK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Route:
    """Where a request goes.

    Versions are asked for by number: a label means what the server last read, which is the canary
    before this one until it has read the model config file again.

    Attributes:
      track: What the request counts as.
      version: The version that is asked; None: the request goes on as it came.
      live: The version that is live; None where nothing is decided.
    """

    track: Track
    version: int | None = None
    live: int | None = None


def share_of(body: bytes) -> float:
    """Returns a number from 0 to 100 that is the same for the same request.

    A request that is sent again thus gets its answer from the same version.
    """
    digest = hashlib.blake2b(body, digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * 100


class Router:
    """Follows what was decided for a model base."""

    def __init__(self, model_base: Path | None) -> None:
        """Reads what is decided at present.

        Args:
          model_base: Folder of the versions; None: every request goes on as it came.

        Raises:
          UserError: If it cannot be read.
        """
        self._model_base = model_base
        self._release = read_release(model_base) if model_base else None
        self._stamp = self._file_stamp()
        self._checked = time.monotonic()

    @property
    def release(self) -> Release | None:
        """What is decided, a second old at the most; None where nothing is."""
        if self._model_base and time.monotonic() - self._checked > _CHECK_SECONDS:
            self._checked = time.monotonic()
            stamp = self._file_stamp()
            if stamp != self._stamp:
                self._reread(self._model_base, stamp)
        return self._release

    def route(self, call: Call) -> Route:
        """Returns where a request goes; status is asked of all versions."""
        if call.is_pinned:
            return Route("pinned")
        release = self.release
        if release is None or release.model != call.model or call.method == "status":
            return Route("stable")
        canary = release.canary if call.method in SPLIT_METHODS else None
        if canary is not None and share_of(call.body) < canary.percent:
            return Route("canary", canary.version, release.stable)
        return Route("stable", release.stable, release.stable)

    def _reread(self, model_base: Path, stamp: tuple[int, int] | None) -> None:
        try:
            self._release = read_release(model_base)
            self._stamp = stamp
        except AlbertTfxError as error:  # what was decided before still holds
            _log.error("%s", error)

    def _file_stamp(self) -> tuple[int, int] | None:
        if self._model_base is None:
            return None
        try:
            found = (self._model_base / RELEASE_FILE).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino
