"""What a person sees of a run: a line a step, a bar for long work, and no library noise."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipeline.results import step_detail
from pipeline.steps import Step
from schemas import progress

_MARKS = {"run": "[green]✓[/]", "cached": "[cyan]=[/]", "failed": "[red]✗[/]"}

_FILE_WIDTH = 140
"""Columns where the output is no terminal; rich would take 80 and break the lines."""


def make_console(file: TextIO | None = None) -> Console:
    """Returns a console on `file`, stdout where it is None."""
    stream = sys.stdout if file is None else file
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _FILE_WIDTH)


@contextmanager
def noise_to(log_file: Path) -> Iterator[Console]:
    """Sends everything written to stdout and stderr, by C++ libraries too, to `log_file`.

    Yields:
      A console on the real stdout.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved_out, saved_err = os.dup(1), os.dup(2)
    with (
        log_file.open("ab", buffering=0) as log,
        os.fdopen(os.dup(saved_out), "w", encoding="utf-8") as terminal,
    ):
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield make_console(terminal)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(saved_out, 1)
            os.dup2(saved_err, 2)
            os.close(saved_out)
            os.close(saved_err)


class StepDisplay:
    """Shows the steps of a run: a line for each that has ended, a live one for the present one.

    Attributes:
      steps: The steps that have ended, in order.
      total_steps: Number of steps of the run.
    """

    def __init__(self, console: Console) -> None:
        """Makes a display on `console`."""
        self.steps: list[Step] = []
        self.total_steps = 0
        self._console = console
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "StepDisplay":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def started(self, name: str) -> None:
        """Shows that step `name` goes on."""
        self._replace_task(name)

    def advance(self, update: progress.Progress) -> None:
        """Moves the bar of the step that goes on."""
        if self._task is None:
            return
        count = f"{update.done:,}" + (f"/{update.total:,}" if update.total else "")
        figures = "  ".join(
            (
                f"{update.work} {count}",
                *(f"{name} {value:.4g}" for name, value in update.figures.items()),
            )
        )
        self._bar.update(self._task, completed=update.done, total=update.total, figures=figures)

    def ended(self, step: Step) -> None:
        """Prints the line of a step that has ended."""
        self._replace_task(None)
        self.steps.append(step)
        count = f"{len(self.steps):2}/{self.total_steps}"
        shown = f"{step.seconds:6.1f} s" if step.status == "run" else f"{step.status:>8}"
        self._console.print(
            f"{_MARKS[step.status]} {count}  {step.name:<26}{shown}  "
            f"[dim]{escape(step_detail(step))}[/]"
        )

    def _replace_task(self, name: str | None) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = None if name is None else self._bar.add_task(name, total=None, figures="")
