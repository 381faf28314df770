"""Loads a version: the graph, then its warm-up requests; and gives the memory back after it."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.saved_model import LoadedModel, ModelLoadError
from serving.server.errors import Code, StatusError, from_op_error
from serving.server.runner import Runner, SessionRunner
from serving.server.servable import Servable
from serving.server.warmup import replay_warmup

if TYPE_CHECKING:
    import tensorflow as tf

WrapRunner = Callable[[str, Runner, Any], Runner]
"""Puts batching around a runner; called with the model's name, the runner and the SignatureDefs."""


@dataclass(frozen=True)
class Loader:
    """Loads versions.

    Attributes:
      warm_up: Replay the requests in assets.extra.
      wrap: Puts batching around what runs a version; None: one run a request.
      session_config: Parallelism of the session.
    """

    warm_up: bool = True
    wrap: WrapRunner | None = None
    session_config: tf.compat.v1.ConfigProto | None = None

    def load(self, name: str, version: int, path: Path) -> Servable:
        """Loads and warms one version.

        Raises:
          StatusError: With the code of what went wrong; nothing stays in memory then.
        """
        try:
            model = LoadedModel.load(path, session_config=self.session_config)
        except ModelLoadError as error:
            raise _load_error(error) from error
        runner: Runner = SessionRunner(model.session)
        servable = Servable(name, version, model, runner)
        try:
            if self.warm_up:
                replay_warmup(servable, path)
        except BaseException:
            model.close()
            raise
        if self.wrap is not None:
            servable.runner = self.wrap(name, runner, model.signature_defs)
        return servable


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
