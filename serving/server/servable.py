"""One version of a model in memory: its signatures, how it is run, and when it may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.saved_model import LoadedModel
from serving.server.runner import Runner


class Servable:
    """A loaded version.

    Attributes:
      name: The model's name.
      version: Its number.
      runner: Answers requests.
    """

    def __init__(self, name: str, version: int, model: LoadedModel, runner: Runner) -> None:
        """Takes a model that is ready, and what runs it."""
        self.name = name
        self.version = version
        self.runner = runner
        self._model = model

    @property
    def signature_defs(self) -> Mapping[str, Any]:
        """The SignatureDefs by name, the one of the initialisation among them."""
        return self._model.signature_defs

    def close(self) -> None:
        """Frees the graph; only when no request holds it."""
        self._model.close()
