"""Whether a canary is as good as the live version, by what the gateway counted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt


class CanaryRules(BaseModel):
    """What a canary must do to go live.

    Attributes:
      min_requests: Requests that it must have answered or failed before anything is decided.
      max_error_rate: Largest share of requests that it fails and the live version answers.
      max_latency_ratio: Largest 95th percentile of its time, as a multiple of the live version's.
      min_agreement: Smallest share of compared requests that it decides as the live version does.
      min_compared: Compared requests without which agreement is not judged, and it is not promoted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_requests: PositiveInt = 200
    max_error_rate: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01
    max_latency_ratio: PositiveFloat = 1.5
    min_agreement: Annotated[float, Field(ge=0.0, le=1.0)] = 0.9
    min_compared: Annotated[int, Field(ge=0)] = 20


class Measured(BaseModel):
    """What was counted since the canary began.

    Attributes:
      requests: Requests of the canary, those that were to blame themselves left out.
      errors: Those that it failed and the live version answered.
      p95_seconds: 95th percentile of its time; None where it answered none.
      stable_p95_seconds: That of the live version.
      compared: Requests that both answered.
      agreeing: Those that both decided alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = 0
    errors: int = 0
    p95_seconds: float | None = None
    stable_p95_seconds: float | None = None
    compared: int = 0
    agreeing: int = 0

    @property
    def error_rate(self) -> float:
        """Share of the requests that it failed."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def agreement(self) -> float | None:
        """Share of the compared requests that both decided alike; None where none were."""
        return self.agreeing / self.compared if self.compared else None


class Verdict(BaseModel):
    """What is to become of a canary.

    Attributes:
      decision: "wait" for more requests, "promote" or "rollback".
      reasons: A sentence for each rule.
      measured: What it is based on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Literal["wait", "promote", "rollback"]
    reasons: tuple[str, ...]
    measured: Measured


def judge(measured: Measured, rules: CanaryRules) -> Verdict:
    """Returns the verdict on a canary: the first broken rule takes it back.

    >>> judge(Measured(requests=3), CanaryRules()).decision
    'wait'

    A canary that fails is taken back as soon as its failures alone break the rule for the whole of
    `min_requests`, so that a broken one does not stay for long.
    """
    broken = [*_errors(measured, rules), *_latency(measured, rules), *_agreement(measured, rules)]
    enough = measured.requests >= rules.min_requests
    hopeless = measured.errors > rules.max_error_rate * rules.min_requests
    if hopeless or (enough and broken):
        return Verdict(decision="rollback", reasons=tuple(broken), measured=measured)
    missing = [
        f"{name}: {count} of {wanted}"
        for name, count, wanted in (
            ("requests", measured.requests, rules.min_requests),
            ("compared requests", measured.compared, rules.min_compared),
        )
        if count < wanted
    ]
    if missing:
        return Verdict(decision="wait", reasons=tuple(missing), measured=measured)
    return Verdict(decision="promote", reasons=tuple(_kept(measured)), measured=measured)


def _errors(measured: Measured, rules: CanaryRules) -> list[str]:
    if measured.error_rate <= rules.max_error_rate:
        return []
    return [
        f"error rate {measured.error_rate:.2%} ({measured.errors} of {measured.requests}) "
        f"is above {rules.max_error_rate:.2%}"
    ]


def _latency(measured: Measured, rules: CanaryRules) -> list[str]:
    own, stable = measured.p95_seconds, measured.stable_p95_seconds
    if own is None or not stable or own <= stable * rules.max_latency_ratio:
        return []
    return [
        f"95th percentile {own * 1e3:.0f} ms is above {rules.max_latency_ratio:g} times the live "
        f"version's {stable * 1e3:.0f} ms"
    ]


def _agreement(measured: Measured, rules: CanaryRules) -> list[str]:
    agreement = measured.agreement
    if agreement is None or measured.compared < rules.min_compared:
        return []
    if agreement >= rules.min_agreement:
        return []
    return [
        f"agreement {agreement:.1%} of {measured.compared} compared requests is below "
        f"{rules.min_agreement:.1%}"
    ]


def _kept(measured: Measured) -> list[str]:
    kept = [f"error rate {measured.error_rate:.2%} of {measured.requests} requests"]
    if measured.p95_seconds is not None and measured.stable_p95_seconds is not None:
        kept.append(
            f"95th percentile {measured.p95_seconds * 1e3:.0f} ms, "
            f"live {measured.stable_p95_seconds * 1e3:.0f} ms"
        )
    if measured.agreement is not None:
        kept.append(f"agreement {measured.agreement:.1%} of {measured.compared} compared requests")
    return kept
