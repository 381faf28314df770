"""`albert-tfx watch`."""

from types import FrameType
from typing import Annotated

import typer

from pipeline.commands.arguments import ConfigFile, Overrides
from pipeline.commands.run import EXIT_REFUSED
from schemas.errors import AlbertTfxError


def watch(
    config: ConfigFile,
    overrides: Overrides = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, run what is due, and end.")
    ] = False,
    poll: Annotated[
        float | None,
        typer.Option(min=0.1, help="Seconds between two looks; unset: watch.poll_seconds."),
    ] = None,
) -> None:
    """Run a config again and again: on each new span, on drift, or when labels show a drop.

    SIGTERM ends it after the run that goes on. With --once, exit code 0: nothing new, or published;
    1: the run failed; 2: something given must be changed; 3: the gate refused the candidate.
    """
    import signal
    import threading

    from pipeline.console import make_console
    from pipeline.loading import load_config
    from pipeline.watch.checks import make_checks
    from pipeline.watch.loop import watch as watch_config
    from pipeline.watch.watcher import Watcher

    watched = load_config(config, overrides or (), trains_here=True)
    watcher = Watcher(watched, make_console(), checks=make_checks(watched))
    stop = threading.Event()

    def end(signal_number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    last = watch_config(
        watcher,
        once=once,
        poll_seconds=poll or watched.watch.poll_seconds,
        check_seconds=60 * watched.watch.check_minutes,
        stop=stop,
    )
    if once and last is not None and last.status in ("failed", "running"):
        raise AlbertTfxError(f"round {last.number} failed: {last.error}")
    if once and last is not None and last.status == "refused":
        raise typer.Exit(EXIT_REFUSED)
