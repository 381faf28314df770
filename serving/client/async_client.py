"""The client that is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import TypeVar

from typing_extensions import Self

from serving.client.answers import Answer, Value, typed_answer
from serving.client.base import BaseClient
from serving.client.batches import Text, batches, request_columns, rows
from serving.client.calls import Call, VersionStatus
from serving.client.channels import AsyncChannel, open_async_channel
from serving.client.errors import ServingError
from serving.client.retry import Attempts, Deadline

T = TypeVar("T")


class AsyncClient(BaseClient):
    """`Client` for an event loop; the batches of a call are asked at the same time."""

    def _open(self) -> None:
        self._free = asyncio.Semaphore(self._limits.at_once)
        self._channel: AsyncChannel | None = None  # opened in the event loop of the first call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        if self._channel is not None:
            await self._channel.close()

    async def predict(self, texts: Iterable[Text], *, timeout: float | None = None) -> list[Answer]:
        """Returns the answer to each of `texts`, in order; as `Client.predict`."""
        return [typed_answer(row) for row in await self.outputs(texts, timeout=timeout)]

    async def predict_one(self, text: Text, *, timeout: float | None = None) -> Answer:
        """Returns the answer to one text."""
        return (await self.predict([text], timeout=timeout))[0]

    async def outputs(
        self, texts: Iterable[Text], *, timeout: float | None = None
    ) -> list[dict[str, Value]]:
        """Returns the model's outputs for each text by name; as `Client.outputs`."""
        deadline = Deadline(timeout or self._timeout)
        tasks = [
            asyncio.ensure_future(self._ask(batch, deadline))
            for batch in batches(texts, self._limits)
        ]
        try:
            answered = await asyncio.gather(*tasks)
        finally:  # the first failure ends the call: the other requests are of no use
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [row for batch in answered for row in batch]

    async def versions(self, *, timeout: float | None = None) -> list[VersionStatus]:
        """Returns the versions of the model on the server; as `Client.versions`."""
        deadline = Deadline(timeout or self._timeout)
        return await self._send(self._codec.status(self.target), deadline)

    async def _ask(self, batch: list[Text], deadline: Deadline) -> list[dict[str, Value]]:
        async with self._free:
            if self._signature is None:
                self._signature = await self._send(self._codec.signature(self.target), deadline)
            inputs = request_columns(batch, self._signature)
            call = self._codec.predict(self.target, self._signature, inputs)
            return rows(await self._send(call, deadline), len(batch))

    async def _send(self, call: Call[T], deadline: Deadline) -> T:
        if self._channel is None:
            self._channel = open_async_channel(self._endpoint)
        attempts = Attempts(self._retry, deadline)
        with self._naming_server():
            for seconds in attempts:
                try:
                    body = await self._channel.send(call.target, call.body, seconds)
                except ServingError as error:  # noqa: PERF203 - an attempt a turn
                    await asyncio.sleep(attempts.failed(error))
                else:
                    return call.decode(body)
        raise AssertionError("the attempts end with an answer or an error")
