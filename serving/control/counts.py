"""What the gateway's metrics say of a canary: differences since it began."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Final

from serving.control.release import Release
from serving.control.verdict import Measured

Counts = Mapping[str, float]
"""Value of each sample by its name and labels, as Prometheus writes them."""

PREFIX: Final = "albert_tfx_gateway"
BOTH: Final = "BOTH_"
"""Start of the code of a request that canary and live version both failed: it is to blame."""
NOT_LOADED: Final = "NOT_LOADED"
"""Code of a request that the live version answered as the server does not hold the canary yet."""

_COMPARED: Final = f"{PREFIX}_compared_requests_total"


def read_counts(text: str) -> dict[str, float]:
    """Returns the gateway's samples from the text of its metrics page."""
    from prometheus_client.parser import text_string_to_metric_families

    return {
        sample_key(sample.name, **sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        if family.name.startswith(PREFIX)
        for sample in family.samples
    }


def sample_key(name: str, **labels: str) -> str:
    """Returns the key of a sample.

    >>> sample_key("requests", track="canary", code="OK")
    'requests{code=OK,track=canary}'
    """
    return f"{name}{{{','.join(f'{key}={value}' for key, value in sorted(labels.items()))}}}"


def grown(total: Counts, before: Counts, now: Counts) -> dict[str, float]:
    """Returns the growth of each sample so far, from one look to the next added.

    >>> grown({"a": 5.0}, {"a": 10.0}, {"a": 12.0})
    {'a': 7.0}

    Args:
      total: The growth up to `before`.
      before: The samples of the look before.
      now: The samples of this look; a gateway that was started anew counts from nothing.
    """
    restarted = any(value < before.get(key, 0.0) for key, value in now.items() if _is_count(key))
    return {
        key: total.get(key, 0.0) + value - (0.0 if restarted else before.get(key, 0.0))
        for key, value in now.items()
    } | {key: value for key, value in total.items() if key not in now}


def measured(growth: Counts, release: Release) -> Measured:
    """Returns what was counted of the canary.

    Args:
      growth: Growth of the samples, from `grown`.
      release: Says which version is on trial, and which is live; others do not count.
    """
    canary = str(release.canary.version) if release.canary else ""
    codes: Counter[str] = Counter()
    for key, value in growth.items():
        if _is_of(key, f"{PREFIX}_requests_total", "canary", canary):
            codes[_label(key, "code")] += int(value)
    own = {
        code: count
        for code, count in codes.items()
        if code != NOT_LOADED and not code.startswith(BOTH)
    }
    compared = {
        answer: growth.get(sample_key(_COMPARED, agrees=answer, version=canary), 0.0)
        for answer in ("yes", "no")
    }
    return Measured(
        requests=sum(own.values()),
        errors=sum(own.values()) - own.get("OK", 0),
        p95_seconds=quantile(growth, "canary", canary, 0.95),
        stable_p95_seconds=quantile(growth, "stable", str(release.stable), 0.95),
        compared=int(sum(compared.values())),
        agreeing=int(compared["yes"]),
    )


def quantile(growth: Counts, track: str, version: str, share: float) -> float | None:
    """Returns a quantile of the answers' seconds, as Prometheus' `histogram_quantile` does.

    Args:
      growth: Growth of the samples.
      track: `stable` or `canary`.
      version: The version's number.
      share: Which quantile, 0 to 1.

    Returns:
      Seconds, interpolated within a bucket; None where nothing was answered.
    """
    name = f"{PREFIX}_request_seconds_bucket"
    buckets = sorted(
        (float(_label(key, "le").replace("+Inf", "inf")), count)
        for key, count in growth.items()
        if _is_of(key, name, track, version)
    )
    if not buckets or buckets[-1][1] <= 0:
        return None
    wanted = share * buckets[-1][1]
    lower, below = 0.0, 0.0
    for upper, count in buckets:
        if count >= wanted:
            if math.isinf(upper):
                return lower
            return lower + (upper - lower) * (wanted - below) / (count - below)
        lower, below = upper, count
    return lower


def _is_count(key: str) -> bool:
    return "_total{" in key


def _is_of(key: str, name: str, track: str, version: str) -> bool:
    """Returns whether a sample is one of a metric, of a track and a version."""
    is_named = key.startswith(f"{name}{{")
    return is_named and (_label(key, "track"), _label(key, "version")) == (track, version)


def _label(key: str, name: str) -> str:
    labels = key.partition("{")[2].removesuffix("}").split(",")
    return next((value for label, _, value in map(_split, labels) if label == name), "")


def _split(label: str) -> tuple[str, str, str]:
    return label.partition("=")
