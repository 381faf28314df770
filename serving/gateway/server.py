"""A running gateway: both ports in one event loop, until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from serving.gateway.grpc_face import GrpcFace
from serving.gateway.metrics import Metrics
from serving.gateway.request_log import FileRequestLog
from serving.gateway.rest_face import RestFace
from serving.gateway.routing import Router
from serving.gateway.settings import GatewaySettings
from serving.gateway.traffic import Traffic

_log = logging.getLogger(__name__)

Started = Callable[[int | None, int], None]
"""Called with the gRPC port, None where there is none, and the HTTP port, once both are open."""


def run_gateway(settings: GatewaySettings, started: Started = lambda grpc, rest: None) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is in progress.

    Args:
      settings: What the gateway stands in front of, and where it listens.
      started: Told the ports.

    Raises:
      UserError: If a port is taken, or a file cannot be read or written.
    """
    asyncio.run(_run(settings, started))


async def _run(settings: GatewaySettings, started: Started) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(settings)
    await gateway.start()
    started(gateway.port, gateway.rest_port)
    await stop.wait()
    _log.info("Stopping: requests in progress are answered")
    await gateway.stop()


class Gateway:
    """The ports and what is behind them; made in the event loop that serves.

    Attributes:
      metrics: What it counts.
      port: The gRPC port; None where there is no gRPC behind.
      rest_port: The HTTP port.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        """Opens the ports; nothing is answered before `start`.

        Raises:
          UserError: If a port is taken, or a file cannot be read or written.
        """
        self._settings = settings
        self.metrics = Metrics()
        router = Router(settings.model_base)
        self._log = FileRequestLog(settings.log, self.metrics.records) if settings.log else None
        self._traffic = Traffic(
            router, self.metrics, self._log, compare_percent=settings.compare_percent
        )
        self._rest = RestFace(settings, self._traffic, self.metrics)
        self._grpc = GrpcFace(settings, self._traffic) if settings.upstream else None
        self.port = self._grpc.port if self._grpc else None
        self.rest_port = self._rest.port

    async def start(self) -> None:
        """Begins to serve."""
        if self._grpc is not None:
            await self._grpc.start()
        await self._rest.start()

    async def stop(self) -> None:
        """Answers what is in progress, then closes the ports and the log."""
        if self._grpc is not None:
            await self._grpc.stop(self._settings.grace_seconds)
        await self._rest.stop()
        await self._traffic.drain()
        if self._log is not None:
            self._log.close()
