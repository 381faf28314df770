"""What happens to each request: routed, answered whatever the canary does, counted, logged."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Protocol

from serving.control.counts import BOTH, NOT_LOADED
from serving.gateway.agreement import agree
from serving.gateway.calls import Call, Reply
from serving.gateway.metrics import Metrics
from serving.gateway.routing import Route, Router

_MAX_COMPARISONS = 32
"""Comparisons at one time; further ones are left out, so that they never delay an answer."""

_NOT_LOADED_WORDS = "Servable not found for request"
"""Of TensorFlow Serving: a version that it does not hold."""


class RequestLog(Protocol):
    """Where requests are logged."""

    def offer(self, call: Call, reply: Reply) -> None:
        """Takes an answered request, and never waits."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a request got.

    Attributes:
      reply: The reply for the client.
      code: Code that counts for the track.
      seconds: Time of the track's own answer.
    """

    reply: Reply
    code: str
    seconds: float


class Traffic:
    """Carries requests to the server behind."""

    def __init__(
        self,
        router: Router,
        metrics: Metrics,
        log: RequestLog | None = None,
        *,
        compare_percent: float = 10.0,
    ) -> None:
        """Takes its parts.

        Args:
          router: Says where a request goes.
          metrics: Counts.
          log: Logs requests; None: none are logged.
          compare_percent: Share of the canary's answers that the live version is asked for too.
        """
        self._router = router
        self._metrics = metrics
        self._log = log
        self._compare_share = compare_percent / 100
        self._comparisons: set[asyncio.Task[None]] = set()

    async def handle(self, call: Call, timeout: float) -> Reply:
        """Returns the reply to a request.

        Args:
          call: The request.
          timeout: Seconds that the client waits.
        """
        release = self._router.release
        canary = release.canary if release else None
        self._metrics.canary_percent.set(canary.percent if canary else 0.0)
        route = self._router.route(call)
        with self._metrics.in_flight.track_inprogress():
            outcome = await self._ask(call, route, timeout)
        self._metrics.answered(route, call, outcome.code, outcome.seconds)
        if self._log is not None and outcome.reply.is_ok:
            self._log.offer(call, outcome.reply)
        return outcome.reply

    async def drain(self) -> None:
        """Waits for the comparisons in progress."""
        await asyncio.gather(*self._comparisons, return_exceptions=True)

    async def _ask(self, call: Call, route: Route, timeout: float) -> Outcome:
        started = time.monotonic()
        if route.track != "canary":
            reply = await self._ask_live(call, route.version, timeout)
            return Outcome(reply, reply.code, time.monotonic() - started)
        reply = await call.send(route.version, timeout)
        seconds = time.monotonic() - started
        if reply.is_ok:
            self._compare_some(call, route, reply, timeout)
            return Outcome(reply, reply.code, seconds)
        # The client must not pay for the trial. Where the live version fails too, the request is
        # to blame, and the canary is not.
        live = await self._ask_live(call, route.live, max(timeout - seconds, 0.001))
        if _is_not_loaded(reply):
            return Outcome(live, NOT_LOADED, seconds)
        return Outcome(live, reply.code if live.is_ok else f"{BOTH}{live.code}", seconds)

    async def _ask_live(self, call: Call, version: int | None, timeout: float) -> Reply:
        """Asks the live version; where the server does not hold it yet, what it has."""
        started = time.monotonic()
        reply = await call.send(version, timeout)
        if version is None or not _is_not_loaded(reply):
            return reply
        return await call.send(None, max(timeout - (time.monotonic() - started), 0.001))

    def _compare_some(self, call: Call, route: Route, reply: Reply, timeout: float) -> None:
        if len(self._comparisons) >= _MAX_COMPARISONS or random.random() >= self._compare_share:
            return
        task = asyncio.ensure_future(self._compare(call, route, reply, timeout))
        self._comparisons.add(task)
        task.add_done_callback(self._comparisons.discard)

    async def _compare(self, call: Call, route: Route, reply: Reply, timeout: float) -> None:
        live = await call.send(route.live, timeout)
        agrees = agree(call, reply, live) if live.is_ok else None
        if agrees is not None:
            self._metrics.were_compared(route, agrees=agrees)


def _is_not_loaded(reply: Reply) -> bool:
    """Returns whether the server says that it does not hold the version."""
    return not reply.is_ok and _NOT_LOADED_WORDS in reply.message
