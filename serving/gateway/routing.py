"""Which version a request goes to: the live one, or the canary for its share."""

from __future__ import annotations

import hashlib
import logging
import time
from pathlib import Path
from typing import Final, Literal

from schemas.errors import AlbertTfxError
from serving.control.release import RELEASE_FILE, Release, read_release
from serving.gateway.calls import SPLIT_METHODS, Call

Track = Literal["stable", "canary", "pinned"]

_log = logging.getLogger(__name__)

_CHECK_SECONDS: Final = 1.0


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

    def track(self, call: Call) -> Track:
        """Returns where a request goes."""
        release = self.release
        if call.is_pinned:
            return "pinned"
        if release is None or release.model != call.model or release.canary is None:
            return "stable"
        is_split = call.method in SPLIT_METHODS
        return "canary" if is_split and share_of(call.body) < release.canary.percent else "stable"

    def label(self, call: Call, track: Track) -> str | None:
        """Returns the label that a request gets; None: it goes on as it came.

        Status is asked of all versions. A model of which nothing was decided has no labels.
        """
        release = self.release
        if release is None or release.model != call.model or call.method == "status":
            return None
        return None if track == "pinned" else track

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
