"""One version of a model in memory: its signatures, and how it is run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from serving.server.metrics import Metrics
from serving.server.runner import Feeds, Runner


class Servable:
    """A loaded version.

    Attributes:
      name: The model's name.
      version: Its number.
      signature_defs: The SignatureDefs by name, the one of the initialisation among them.
    """

    def __init__(
        self,
        name: str,
        version: int,
        signature_defs: Mapping[str, Any],
        runner: Runner,
        metrics: Metrics,
    ) -> None:
        """Takes a model that is ready, what runs it, and who counts."""
        self.name = name
        self.version = version
        self.signature_defs = signature_defs
        self._runner = runner
        self._metrics = metrics

    def run(
        self, feeds: Feeds, fetches: Sequence[str], deadline: float | None, *, api: str
    ) -> list[Any]:
        """Runs the graph for one request.

        Args:
          feeds: Values by the name of their tensor in the graph.
          fetches: Names of the tensors to return.
          deadline: `time.monotonic()` after which the answer is of no use; None: never.
          api: The method of the request, for the metrics.

        Returns:
          The values; numpy scalars or bytes where they have rank 0.

        Raises:
          StatusError: With the code of the graph's failure, or DEADLINE_EXCEEDED.
        """
        begun = time.monotonic()
        outputs = self._runner.run(feeds, fetches, deadline)
        self._metrics.ran(self.name, api, time.monotonic() - begun)
        return outputs

    def count_examples(self, num_examples: int) -> None:
        """Counts the tf.Examples of a request."""
        self._metrics.read_examples(self.name, num_examples)

    def close(self) -> None:
        """Frees the graph; only when no request holds it."""
        self._runner.close()
