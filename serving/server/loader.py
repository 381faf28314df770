"""Loads a version: the graph, then its warm-up requests; and gives the memory back after it."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import TYPE_CHECKING

from serving.saved_model import LoadedModel, ModelLoadError
from serving.server.batch_options import BatchOptions
from serving.server.batch_runner import BatchRunner
from serving.server.batch_scheduler import BatchScheduler
from serving.server.errors import Code, StatusError, from_op_error
from serving.server.metrics import Metrics
from serving.server.runner import SessionRunner
from serving.server.servable import Servable
from serving.server.warmup import replay_warmup

if TYPE_CHECKING:
    import tensorflow as tf


class Loader:
    """Loads versions, all with the same options."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        batching: BatchOptions | None = None,
        warm_up: bool = True,
        session_config: tf.compat.v1.ConfigProto | None = None,
    ) -> None:
        """Takes the options.

        Args:
          metrics: Counts loads and runs.
          batching: How requests are joined; None: each runs alone.
          warm_up: Replay the requests in assets.extra.
          session_config: Parallelism of the sessions.
        """
        self._metrics = metrics
        self._batching = batching
        self._scheduler = BatchScheduler(batching) if batching else None
        self._warm_up = warm_up
        self._session_config = session_config

    def load(self, name: str, version: int, path: Path) -> Servable:
        """Loads and warms one version.

        Raises:
          StatusError: With the code of what went wrong; nothing stays in memory then.
        """
        with self._metrics.loading(path):
            model = self._load_model(path)
        session = SessionRunner(model)
        try:
            if self._warm_up:
                alone = Servable(name, version, model.signature_defs, session, Metrics())
                with self._metrics.warming(path):
                    replay_warmup(alone, path)
        except BaseException:
            session.close()
            raise
        runner = session
        if self._batching and self._scheduler:
            runner = BatchRunner(
                session, model.signature_defs, self._scheduler, self._batching, self._metrics
            )
        return Servable(name, version, model.signature_defs, runner, self._metrics)

    def close(self) -> None:
        """Ends the batch threads, after what is queued."""
        if self._scheduler:
            self._scheduler.close()

    def _load_model(self, path: Path) -> LoadedModel:
        try:
            return LoadedModel.load(path, session_config=self._session_config)
        except ModelLoadError as error:
            raise _load_error(error) from error


def _load_error(error: ModelLoadError) -> StatusError:
    """Returns the same failure with the code that the real server gives it."""
    import tensorflow as tf

    cause = error.__cause__
    if isinstance(cause, tf.errors.OpError):
        return StatusError(from_op_error(cause).code, str(error))
    if isinstance(cause, OSError):
        return StatusError(Code.NOT_FOUND, str(error))
    return StatusError(Code.INVALID_ARGUMENT if cause is None else Code.DATA_LOSS, str(error))


def release_memory() -> None:
    """Hands the memory of a closed version back to the system.

    The Python graph is full of cycles, which only the collector ends; and glibc keeps freed memory
    to itself unless asked.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
