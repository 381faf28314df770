"""Watches a canary at the gateway's metrics until it is promoted or taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from schemas.errors import AlbertTfxError, UserError
from serving.control.changes import promote, rollback
from serving.control.counts import Counts, grown, measured, read_counts
from serving.control.release import Release, read_release
from serving.control.verdict import CanaryRules, Verdict, judge

BY = "canary --watch"

Read = Callable[[], Counts]
"""Returns the present samples; raises OSError where the gateway does not answer."""


class WatchError(AlbertTfxError):
    """A canary that nothing could be decided about; it stays as it is."""


def gateway_reader(url: str) -> Read:
    """Returns what reads the metrics of a gateway.

    Args:
      url: http://HOST:PORT of its REST port.
    """
    import httpx

    page = f"{url.rstrip('/')}/monitoring/prometheus/metrics"

    def read() -> Counts:
        try:
            response = httpx.get(page, timeout=10.0, trust_env=False)
            response.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"{page}: {error}") from error
        return read_counts(response.text)

    return read


def watch_canary(
    model_base: Path,
    read: Read,
    rules: CanaryRules,
    *,
    interval_seconds: float = 10.0,
    max_seconds: float = 24 * 3600.0,
    said: Callable[[Verdict], None] = lambda verdict: None,
) -> Verdict:
    """Waits for the verdict on the canary, and carries it out.

    Args:
      model_base: Folder of the versions.
      read: Reads the gateway's samples.
      rules: What the canary must do.
      interval_seconds: Time between two looks.
      max_seconds: Time after which it is given up.
      said: Told every verdict, those to wait too.

    Returns:
      The verdict that was carried out; it is in the history too.

    Raises:
      UserError: If there is no canary.
      WatchError: If it was changed meanwhile, the gateway never answers, or the time is up.
    """
    watched = _present(model_base)
    end = time.monotonic() + max_seconds
    before: Counts | None = None
    growth: Counts = {}
    problem = ""
    while time.monotonic() < end:
        try:
            now = read()
        except OSError as error:
            problem = f"; the gateway does not answer: {error}"
        else:
            growth = grown(growth, now if before is None else before, now)
            before = now
            if read_release(model_base) != watched:
                raise WatchError("what is live was changed meanwhile: the watch ends")
            verdict = judge(measured(growth, watched), rules)
            said(verdict)
            if verdict.decision != "wait":
                _carry_out(model_base, watched, verdict)
                return verdict
            problem = f"; {', '.join(verdict.reasons)}"
        time.sleep(interval_seconds)
    raise WatchError(
        f"nothing could be decided within {max_seconds:g} s{problem}; the canary stays: raise its "
        "percent or --max-seconds, or promote it or roll it back by hand"
    )


def _present(model_base: Path) -> Release:
    release = read_release(model_base)
    if release is None or release.canary is None:
        raise UserError(f"{model_base} has no canary; start one with `albert-tfx canary VERSION`")
    return release


def _carry_out(model_base: Path, watched: Release, verdict: Verdict) -> None:
    reason = "; ".join(verdict.reasons)
    evidence = verdict.measured.model_dump(mode="json")
    if verdict.decision == "rollback":
        rollback(model_base, by=BY, reason=reason, evidence=evidence)
    elif watched.canary is not None:
        promote(model_base, watched.canary.version, by=BY, reason=reason, evidence=evidence)
