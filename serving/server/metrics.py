"""The metrics of the real server, by its names, in the text format of Prometheus.

Its names are TensorFlow's with a colon for every slash. prometheus-client counts; the text is
written here, because it would put `_total` behind the name of every counter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric

from serving.server.errors import StatusError
from serving.server.text_protos import read_monitoring_config

DEFAULT_PATH: Final = "/monitoring/prometheus/metrics"

_SERVING: Final = ":tensorflow:serving:"
_SAVED_MODEL: Final = ":tensorflow:cc:saved_model:"
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def _exponential(scale: float, growth: float, count: int) -> list[float]:
    """Returns the upper limits of buckets, as TensorFlow's Buckets::Exponential.

    >>> _exponential(1, 2, 4)
    [1, 2, 4, 8]
    """
    return [scale * growth**power for power in range(count)]


_LATENCY_MICROS: Final = _exponential(10, 1.8, 33)
_QUEUE_MICROS: Final = _exponential(100, 1.2, 52)
_EXAMPLES: Final = _exponential(1, 2, 20)


class Metrics:
    """Counters and histograms; times are in microseconds."""

    def __init__(self) -> None:
        """Makes a registry of its own: a process may hold several servers."""
        self._registry = CollectorRegistry()
        self._names: set[str] = set()
        self._request_count = self._counter(
            f"{_SERVING}request_count", "The total number of requests.", ["model_name", "status"]
        )
        self._request_latency = self._histogram(
            f"{_SERVING}request_latency",
            "Distribution of wall time to answer a request, microseconds.",
            ["model_name", "API", "entrypoint"],
            _LATENCY_MICROS,
        )
        self._runtime_latency = self._histogram(
            f"{_SERVING}runtime_latency",
            "Distribution of wall time in the TensorFlow runtime, microseconds.",
            ["model_name", "API", "runtime"],
            _LATENCY_MICROS,
        )
        self._example_counts = self._histogram(
            f"{_SERVING}request_example_counts", "tf.Examples of a request.", ["model"], _EXAMPLES
        )
        self._example_total = self._counter(
            f"{_SERVING}request_example_count_total", "The total number of tf.Examples.", ["model"]
        )
        self._warmup_latency = self._histogram(
            f"{_SERVING}model_warmup_latency",
            "Distribution of wall time of the warm-up of a version, microseconds.",
            ["model_path", "status"],
            _LATENCY_MICROS,
        )
        self._queuing_latency = self._histogram(
            f"{_SERVING}batching_session:queuing_latency",
            "Distribution of wall time in the batching queue, microseconds.",
            ["thread_pool_name"],
            _QUEUE_MICROS,
        )
        self._load_attempts = self._counter(
            f"{_SAVED_MODEL}load_attempt_count",
            "The number of times a SavedModel was loaded.",
            ["model_path", "status"],
        )
        self._load_latency = self._counter(
            f"{_SAVED_MODEL}load_latency",
            "Wall time to load SavedModels, microseconds.",
            ["model_path"],
        )

    def answered(self, model: str, api: str, entrypoint: str, status: str, seconds: float) -> None:
        """Counts a request; its time only where it was answered with OK."""
        self._request_count.labels(model, status).inc()
        if status == "OK":
            self._request_latency.labels(model, api, entrypoint).observe(seconds * 1e6)

    def ran(self, model: str, api: str, seconds: float) -> None:
        """Notes the time of one request in the graph."""
        self._runtime_latency.labels(model, api, "TF1").observe(seconds * 1e6)

    def read_examples(self, model: str, num_examples: int) -> None:
        """Counts the examples of a Classify, Regress or MultiInference request."""
        self._example_counts.labels(model).observe(num_examples)
        self._example_total.labels(model).inc(num_examples)

    def queued(self, thread_pool_name: str, seconds: float) -> None:
        """Notes how long a task waited for its batch."""
        self._queuing_latency.labels(thread_pool_name).observe(seconds * 1e6)

    @contextmanager
    def loading(self, path: Path) -> Iterator[None]:
        """Counts and times the load of a SavedModel."""
        begun = time.monotonic()
        try:
            yield
        except StatusError:
            self._load_attempts.labels(str(path), "fail").inc()
            raise
        self._load_attempts.labels(str(path), "success").inc()
        self._load_latency.labels(str(path)).inc((time.monotonic() - begun) * 1e6)

    @contextmanager
    def warming(self, path: Path) -> Iterator[None]:
        """Times the warm-up of a version."""
        begun = time.monotonic()
        status = "OK"
        try:
            yield
        except StatusError as error:
            status = error.code.name
            raise
        finally:
            micros = (time.monotonic() - begun) * 1e6
            self._warmup_latency.labels(str(path), status).observe(micros)

    def render(self) -> bytes:
        """Returns every metric in the text format."""
        lines: list[str] = []
        for family in self._registry.collect():
            lines.extend(self._lines(family))
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")

    def _lines(self, family: Metric) -> Iterator[str]:
        name = family.name if family.name in self._names else f"{family.name}_total"
        yield f"# HELP {name} {family.documentation}"
        yield f"# TYPE {name} {family.type}"
        for sample in family.samples:
            if sample.name.endswith("_created"):
                continue
            shown = sample.name
            if shown.endswith("_total") and shown not in self._names:
                shown = shown.removesuffix("_total")
            labels = ",".join(
                f'{key}="{value.translate(_ESCAPES)}"' for key, value in sample.labels.items()
            )
            yield f"{shown}{{{labels}}} {sample.value:.17g}"

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        self._names.add(name)
        return Counter(name, text, labels, registry=self._registry)

    def _histogram(
        self, name: str, text: str, labels: Sequence[str], buckets: Sequence[float]
    ) -> Histogram:
        self._names.add(name)
        return Histogram(name, text, labels, registry=self._registry, buckets=buckets)


def metrics_path(config_file: Path | None) -> str | None:
    """Returns where the metrics are served; None: nowhere.

    Args:
      config_file: A MonitoringConfig text proto; None: metrics are off.

    Raises:
      UserError: If it cannot be read.
    """
    if config_file is None:
        return None
    config = read_monitoring_config(config_file).prometheus_config
    return (config.path or DEFAULT_PATH) if config.enable else None
