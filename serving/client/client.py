"""The client that is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from typing_extensions import Self

from serving.client.answers import Answer, Value, typed_answer
from serving.client.base import BaseClient
from serving.client.batches import Text, batches, request_columns, rows
from serving.client.calls import Call, VersionStatus
from serving.client.channels import open_channel
from serving.client.errors import ServingError
from serving.client.retry import Attempts, Deadline

T = TypeVar("T")


class Client(BaseClient):
    """Asks a model on a TensorFlow Serving: raw text in, typed answers out.

    Threads may share one. Close it, or use it in a `with`.
    """

    def _open(self) -> None:
        self._channel = open_channel(self._endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def predict(self, texts: Iterable[Text], *, timeout: float | None = None) -> list[Answer]:
        """Returns the answer to each of `texts`, in order.

        Args:
          texts: Any number; split into requests by the limits.
          timeout: Seconds that it may take as a whole; None: the client's.

        Raises:
          ServingError: If a text got no answer; its class says why.
        """
        return [typed_answer(row) for row in self.outputs(texts, timeout=timeout)]

    def predict_one(self, text: Text, *, timeout: float | None = None) -> Answer:
        """Returns the answer to one text; raises as `predict`."""
        return self.predict([text], timeout=timeout)[0]

    def outputs(
        self, texts: Iterable[Text], *, timeout: float | None = None
    ) -> list[dict[str, Value]]:
        """Returns the model's outputs for each text by name, of whatever task; as `predict`."""
        deadline = Deadline(timeout or self._timeout)
        return [row for batch in batches(texts, self._limits) for row in self._ask(batch, deadline)]

    def stream(
        self, texts: Iterable[Text], *, timeout: float | None = None
    ) -> Iterator[dict[str, Value]]:
        """Yields what `outputs` returns, one batch at a time; `timeout` is that of each batch."""
        for batch in batches(texts, self._limits):
            yield from self._ask(batch, Deadline(timeout or self._timeout))

    def versions(self, *, timeout: float | None = None) -> list[VersionStatus]:
        """Returns the versions of the model on the server, newest first.

        Raises:
          ServingError: If the server has no such model or does not answer.
        """
        return self._send(self._codec.status(self.target), Deadline(timeout or self._timeout))

    def _ask(self, batch: list[Text], deadline: Deadline) -> list[dict[str, Value]]:
        if self._signature is None:
            self._signature = self._send(self._codec.signature(self.target), deadline)
        inputs = request_columns(batch, self._signature)
        call = self._codec.predict(self.target, self._signature, inputs)
        return rows(self._send(call, deadline), len(batch))

    def _send(self, call: Call[T], deadline: Deadline) -> T:
        attempts = Attempts(self._retry, deadline)
        with self._naming_server():
            for seconds in attempts:
                try:
                    body = self._channel.send(call.target, call.body, seconds)
                except ServingError as error:  # noqa: PERF203 - an attempt a turn
                    time.sleep(attempts.failed(error))
                else:
                    return call.decode(body)
        raise AssertionError("the attempts end with an answer or an error")
