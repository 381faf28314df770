"""`albert-tfx schedule`: runs that Vertex AI or Kubeflow Pipelines starts by itself."""

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.arguments import (
    ConfigFile,
    DryRun,
    Overrides,
    Parameters,
    Place,
    Target,
    Unchecked,
)

if TYPE_CHECKING:
    from kubeflow import place

schedule = typer.Typer(
    name="schedule",
    help="Have Vertex AI or Kubeflow Pipelines start runs by a cron line.",
    no_args_is_help=True,
)

Name = Annotated[
    str | None, typer.Option("--name", help="Name of the schedule; unset: the config's.")
]
TimeZone = Annotated[
    str | None,
    typer.Option("--timezone", help="Zone of the cron line, such as Europe/Berlin; unset: UTC."),
]
Start = Annotated[
    str | None, typer.Option("--start", help="Nothing starts before, such as 2027-01-31T05:30.")
]
End = Annotated[str | None, typer.Option("--end", help="Nothing starts after.")]


@schedule.command()
def create(  # noqa: PLR0913 - an option each
    config: ConfigFile,
    target: Target,
    *,
    cron: Annotated[
        str, typer.Option("--cron", help="Minute, hour, day, month, weekday: '30 5 * * 1-5'.")
    ],
    time_zone: TimeZone = None,
    start: Start = None,
    end: End = None,
    max_concurrency: Annotated[
        int, typer.Option("--max-concurrency", help="Runs at once, 1 to 10.")
    ] = 1,
    catch_up: Annotated[
        bool, typer.Option("--catch-up", help="Make up runs that fell due and could not start.")
    ] = False,
    name: Name = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of the schedule of that name.")
    ] = False,
    parameters: Parameters = None,
    overrides: Overrides = None,
    dry_run: DryRun = False,
    unchecked: Unchecked = False,
) -> None:
    """Make a schedule. One that is called the same is an error, unless it is to be replaced."""
    from kubeflow import schedules
    from kubeflow.place import place_of
    from kubeflow.preflight import look_before
    from kubeflow.submission import prepare
    from kubeflow.timing import TimingTexts, read_timing
    from pipeline.loading import load_config

    texts = TimingTexts(cron, time_zone, start, end, max_concurrency, catch_up)
    timing = read_timing(texts, target.value, now=datetime.now(timezone.utc))
    loaded = load_config(config, overrides or ())
    submission = prepare(loaded, target.value, parameters or ())
    schedules.check_rounds(submission, timing)
    place = place_of(loaded, target.value)
    called = name or submission.name
    if dry_run:
        typer.echo(json.dumps(place.schedule_request(submission, called, timing), indent=2))
        return
    for note in () if unchecked else look_before(submission, loaded, target.value):
        typer.echo(f"note: {note}", err=True)
    made = schedules.create(place, submission, called, timing, replace=replace)
    _tell(made, "made")


@schedule.command("list")
def list_(
    config: ConfigFile,
    target: Target,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the schedules of the project or cluster that a config names."""
    from kubeflow.schedules import table
    from pipeline.console import make_console

    found = _place(config, target).schedules()
    if as_json:
        make_console().print_json(
            json.dumps([dataclasses.asdict(one) for one in found], default=str)
        )
    else:
        make_console().print(table(found))


@schedule.command()
def pause(config: ConfigFile, target: Target, name: Name = None) -> None:
    """Have a schedule start no more runs until it is resumed; runs that have started go on."""
    _change(config, target, name, lambda there: there.pause, "paused")


@schedule.command()
def resume(config: ConfigFile, target: Target, name: Name = None) -> None:
    """Have a paused schedule start runs again; those missed are made up if it catches up."""
    _change(config, target, name, lambda there: there.resume, "resumed")


@schedule.command()
def delete(config: ConfigFile, target: Target, name: Name = None) -> None:
    """Take a schedule away; runs that have started go on."""
    _change(config, target, name, lambda there: there.delete, "deleted")


def _change(
    config: Path,
    target: Place,
    name: str | None,
    method: "Callable[[place.Place], Callable[[place.Schedule], None]]",
    done: str,
) -> None:
    """Does something to the schedule of a name."""
    from kubeflow.schedules import find
    from pipeline.loading import load_config

    there = _place(config, target)
    found = find(there, name or load_config(config).name.replace("_", "-"))
    method(there)(found)
    _tell(found, done)


def _place(config: Path, target: Place) -> "place.Place":
    from kubeflow.place import place_of
    from pipeline.loading import load_config

    return place_of(load_config(config), target.value)


def _tell(one: "place.Schedule", done: str) -> None:
    typer.echo(f"{one.name}: {done} ({one.cron} {one.time_zone}".rstrip() + f")  {one.key}")
