"""When a schedule starts runs: cron line, time zone, first and last day, how many at once."""

from __future__ import annotations

import difflib
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import Final

from kubeflow.cron import Cron, parse_cron
from kubeflow.locations import Target
from schemas.errors import UserError

UTC: Final = "UTC"

_MAX_AT_ONCE: Final = 10
"""Kubeflow's API server takes 1 to 10."""


@dataclass(frozen=True)
class Timing:
    """When runs start.

    Attributes:
      cron: The line.
      time_zone: Zone that the line is read in, by its name in the IANA database.
      start: Before it nothing starts, in UTC; None: from now on.
      end: After it nothing starts, in UTC; None: for ever.
      max_concurrency: Runs at once; a run that falls due beyond them waits or is passed over.
      catch_up: Whether runs are made up that fell due while the schedule could not start them.
    """

    cron: Cron
    time_zone: str = UTC
    start: datetime | None = None
    end: datetime | None = None
    max_concurrency: int = 1
    catch_up: bool = False


@dataclass(frozen=True)
class TimingTexts:
    """What a user wrote; see `Timing`."""

    cron: str
    time_zone: str | None = None
    start: str | None = None
    end: str | None = None
    max_concurrency: int = 1
    catch_up: bool = False


def read_timing(texts: TimingTexts, target: Target, *, now: datetime) -> Timing:
    """Returns the checked timing.

    Args:
      texts: What a user wrote.
      target: Where the schedule will be.
      now: The present, with a time zone.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    problems: list[str] = []
    cron = _cron(texts.cron, problems)
    zone = _zone(texts.time_zone or UTC, problems)
    if target == "kubeflow" and texts.time_zone not in (None, UTC):
        problems.append(
            "--timezone: Kubeflow reads every cron line in one zone, UTC unless its controller's "
            f"CRON_SCHEDULE_TIMEZONE names another; received {texts.time_zone!r}: set it there, "
            "and leave --timezone out"
        )
    start = _moment("--start", texts.start, zone, problems)
    end = _moment("--end", texts.end, zone, problems)
    if end is not None and end <= max(start or now, now):
        problems.append(f"--end: must lie ahead, and after --start; received {texts.end}")
    if not 1 <= texts.max_concurrency <= _MAX_AT_ONCE:
        problems.append(
            f"--max-concurrency: must be between 1 and {_MAX_AT_ONCE}; "
            f"received {texts.max_concurrency}"
        )
    if problems or cron is None:
        raise UserError("\n  ".join(["the schedule cannot be made:", *problems]))
    time_zone = texts.time_zone or UTC
    return Timing(cron, time_zone, start, end, texts.max_concurrency, texts.catch_up)


def _cron(line: str, problems: list[str]) -> Cron | None:
    try:
        return parse_cron(line)
    except ValueError as error:
        problems.append(f"--cron: {error}")
        return None


def _zone(name: str, problems: list[str]) -> tzinfo:
    known = zoneinfo.available_timezones()
    if name in known:
        return zoneinfo.ZoneInfo(name)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "give one such as Europe/Berlin"
    problems.append(f"--timezone: no time zone is called {name!r}; {hint}")
    return timezone.utc


def _moment(option: str, text: str | None, zone: tzinfo, problems: list[str]) -> datetime | None:
    """Returns a moment in UTC; one without a zone of its own is in `zone`."""
    if text is None:
        return None
    try:
        # Python 3.10 does not know the Z of UTC.
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        problems.append(
            f"{option}: must be a date or time such as 2027-01-31 or 2027-01-31T05:30; "
            f"received {text!r}"
        )
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(timezone.utc)
