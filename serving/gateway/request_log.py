"""The request log: a sample of what was asked and answered, written beside the traffic."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from schemas.errors import UserError
from serving.gateway.calls import Call, Reply
from serving.gateway.record import NotLoggedError, make_record
from serving.gateway.record_file import HourlyFiles
from serving.gateway.redaction import Redact
from serving.gateway.routing import share_of

_log = logging.getLogger(__name__)

_QUEUE_SIZE: Final = 1000


@dataclass(frozen=True)
class LogSettings:
    """What is logged.

    Attributes:
      folder: Where the files go.
      percent: Share of the answered requests.
      redact: Gives what is logged in place of a text.
    """

    folder: Path
    percent: float
    redact: Redact


class FileRequestLog:
    """Writes in a thread of its own; serving goes on where it lags or the disk is full."""

    def __init__(self, settings: LogSettings, records: Counter) -> None:
        """Opens the log.

        Args:
          settings: What is logged.
          records: Counts records by result.

        Raises:
          UserError: If the folder cannot be written.
        """
        self._settings = settings
        self._records = records
        try:
            self._files = HourlyFiles(settings.folder)
        except OSError as error:
            raise UserError(f"--log-dir {settings.folder}: {error.strerror}") from error
        self._queue: queue.Queue[tuple[Call, Reply] | None] = queue.Queue(_QUEUE_SIZE)
        self._thread = threading.Thread(target=self._write_all, name="request-log", daemon=True)
        self._thread.start()

    def offer(self, call: Call, reply: Reply) -> None:
        """Takes an answered request where it is in the sample; drops it where the queue is full."""
        # From the other end than the canary's share, which is a sample of the same numbers.
        if (
            call.method in ("metadata", "status")
            or 100 - share_of(call.body) > self._settings.percent
        ):
            return
        try:
            self._queue.put_nowait((call, reply))
        except queue.Full:
            self._records.labels("dropped").inc()

    def close(self) -> None:
        """Writes what waits, and finishes the file."""
        self._queue.put(None)
        self._thread.join()

    def _write_all(self) -> None:
        while (item := self._queue.get()) is not None:
            self._records.labels(self._write(*item)).inc()
        try:
            self._files.close()
        except OSError as error:
            _log.error("the request log cannot be finished: %s", error)

    def _write(self, call: Call, reply: Reply) -> str:
        """Writes one record; returns what became of it."""
        settings = self._settings
        try:
            record = make_record(call, reply, settings.redact, settings.percent / 100)
        except NotLoggedError:
            return "skipped"
        except Exception as error:  # noqa: BLE001 - the hook is the user's, and may raise anything
            _log.error("a request is not logged: %s", error)
            return "failed"
        try:
            self._files.append(record)
        except OSError as error:
            _log.error("a request is not logged: %s", error)
            return "failed"
        return "written"
