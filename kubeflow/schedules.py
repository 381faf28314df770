"""Schedules by their names: one of a name at a time, found, replaced, shown."""

from __future__ import annotations

import difflib

from rich.markup import escape
from rich.table import Table

from kubeflow.place import Place, Schedule
from kubeflow.submission import Submission
from kubeflow.timing import Timing
from schemas.errors import UserError

_COLORS = {"active": "green", "paused": "yellow"}


def check_rounds(submission: Submission, timing: Timing) -> None:
    """Checks that runs which go on from each other do not run at once.

    Raises:
      UserError: If they would.
    """
    if submission.is_watched and timing.max_concurrency > 1:
        raise UserError(
            "--max-concurrency must be 1 for a config with a section `watch`, whose runs go on "
            f"from each other; received {timing.max_concurrency}; leave it out"
        )


def create(
    place: Place, submission: Submission, name: str, timing: Timing, *, replace: bool = False
) -> Schedule:
    """Makes a schedule, if there is none of that name.

    Args:
      place: Where.
      submission: What its runs are.
      name: What it is called.
      timing: When they start.
      replace: Whether one of that name gives way, once the new one is there.

    Raises:
      UserError: If there is one and it is not to be replaced.
    """
    there = [one for one in place.schedules() if one.name == name and one.state != "completed"]
    if there and not replace:
        raise UserError(
            f"there is a schedule {name!r} already ({there[0].state}, {there[0].cron}), and two "
            "would publish over each other; give --replace, or another --name"
        )
    made = place.create_schedule(submission, name, timing)
    for old in there:
        place.delete(old)
    return made


def find(place: Place, name: str) -> Schedule:
    """Returns the schedule of a name.

    Raises:
      UserError: If there is none, or several.
    """
    schedules = place.schedules()
    found = [one for one in schedules if one.name == name]
    going = [one for one in found if one.state != "completed"] or found
    if len(going) > 1:
        keys = ", ".join(one.key for one in going)
        raise UserError(f"{len(going)} schedules are called {name!r} ({keys}); delete one there")
    if not going:
        names = sorted({one.name for one in schedules})
        near = difflib.get_close_matches(name, names, n=1) or names[:5]
        hint = f"there is {', '.join(near)}" if near else "there is none at all"
        raise UserError(f"no schedule is called {name!r}: {hint}; give --name")
    return going[0]


def table(schedules: list[Schedule]) -> Table:
    """Returns a table of schedules, by name."""
    shown = Table(title="Schedules", title_justify="left")
    for column in (
        "name",
        "state",
        "cron",
        "time zone",
        "at once",
        "catch-up",
        "from",
        "to",
        "next",
    ):
        shown.add_column(column, no_wrap=True)
    for one in sorted(schedules, key=lambda one: (one.name, one.key)):
        color = _COLORS.get(one.state, "dim")
        dates = (one.start, one.end, one.next_run)
        shown.add_row(
            escape(one.name),
            f"[{color}]{one.state}[/]",
            escape(one.cron),
            one.time_zone,
            str(one.max_concurrency),
            "yes" if one.catch_up else "no",
            *(f"{date:%Y-%m-%d %H:%M}" if date else "" for date in dates),
        )
    return shown
