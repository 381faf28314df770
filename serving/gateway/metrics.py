"""What the gateway counts, in Prometheus's form; a canary is judged by these."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from serving.control.counts import PREFIX
from serving.gateway.calls import Call
from serving.gateway.routing import Route

METRICS_PATH: Final = "/monitoring/prometheus/metrics"
"""TensorFlow Serving's own path."""

REQUESTS: Final = f"{PREFIX}_requests"
SECONDS: Final = f"{PREFIX}_request_seconds"
COMPARED: Final = f"{PREFIX}_compared_requests"
RECORDS: Final = f"{PREFIX}_log_records"

_BUCKETS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75),
    *(1.0, 2.0, 5.0, 10.0, 30.0),
)


class Metrics:
    """The metrics of one gateway.

    Attributes:
      requests: Requests by track (stable, canary, pinned), version, protocol, method and code. A
        request that the canary failed and the live version answered counts as an error of the
        canary. The version is empty where the server chose.
      seconds: Time of the server's answers by track and version.
      compared: Requests that the canary and the live version both answered, by the canary's
        version and agreement.
      records: Records of the request log by result (written, dropped, skipped, failed).
      in_flight: Requests in progress.
      canary_percent: The canary's share.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            REQUESTS,
            "Requests by track, version, protocol, method and status code.",
            ("track", "version", "protocol", "method", "code"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            SECONDS,
            "Seconds until the server answered, by track and version.",
            ("track", "version"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.compared = Counter(
            COMPARED,
            "Requests that canary and live version both answered, by canary and agreement.",
            ("version", "agrees"),
            registry=self._registry,
        )
        self.records = Counter(
            RECORDS,
            "Records of the request log by what became of them.",
            ("result",),
            registry=self._registry,
        )
        self.in_flight = Gauge(
            f"{PREFIX}_requests_in_flight", "Requests in progress.", registry=self._registry
        )
        self.canary_percent = Gauge(
            f"{PREFIX}_canary_percent", "Share of the canary.", registry=self._registry
        )

    def answered(self, route: Route, call: Call, code: str, seconds: float) -> None:
        """Counts a request that got its reply.

        Args:
          route: Where it went.
          call: The request.
          code: What counts for the route.
          seconds: Time of the answer; only an answer's time counts.
        """
        version = str(route.version or "")
        self.requests.labels(route.track, version, call.protocol, call.method, code).inc()
        if code == "OK":
            self.seconds.labels(route.track, version).observe(seconds)

    def were_compared(self, route: Route, *, agrees: bool) -> None:
        """Counts a request that the canary and the live version both answered."""
        self.compared.labels(str(route.version), "yes" if agrees else "no").inc()

    def render(self) -> bytes:
        """Returns all of it as Prometheus reads it."""
        return generate_latest(self._registry)
