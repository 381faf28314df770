"""Runs a config end to end on this machine and records what happened."""

import datetime
import errno
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from rich.console import Console
from rich.markup import escape

from components.ingest.sources import Sources, resolve_sources
from pipeline.config import RunConfig
from pipeline.console import StepDisplay, noise_to
from pipeline.lock import check_local, prepare_output, sole_run
from pipeline.report import REPORT_FILE, RunReport, has_steps
from pipeline.results import read_results
from pipeline.table import show_report
from schemas.errors import AlbertTfxError, UserError
from schemas.progress import listening

LOG_FILE = "run.log"
CONFIG_FILE = "config.yaml"


def run(config: RunConfig, *, notes: Sequence[str] = ()) -> RunReport:
    """Runs `config`, shows its progress and its end, and returns the report.

    The report is also written to `<output>/runs/<run id>/run.json` and to `<output>/run.json`,
    where a run that ends before its first step does not replace the report of one that did more.

    Args:
      config: What to run.
      notes: What else must be known of the run: shown at its start, and part of the report.

    Raises:
      UserError: If the input files or the output folder cannot be used, or a gate refused the data.
      AlbertTfxError: If a step failed; the report is written all the same.
    """
    check_local(config)
    sources = resolve_sources(config.ingest, config.typed_task)
    prepare_output(config.output_dir)
    with sole_run(config.output_dir):
        run_id = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
        run_dir = config.output_dir / "runs" / run_id
        run_dir.mkdir(parents=True)
        (run_dir / CONFIG_FILE).write_text(
            yaml.safe_dump(config.written_out(), sort_keys=False), "utf-8"
        )
        with noise_to(run_dir / LOG_FILE) as console:
            return _recorded_run(config, sources, run_dir, console, notes)


def _recorded_run(
    config: RunConfig, sources: Sources, run_dir: Path, console: Console, notes: Sequence[str]
) -> RunReport:
    """Runs the pipeline under a display, and writes the report whatever happens."""
    log_file = run_dir / LOG_FILE
    console.print(f"[bold]{config.name}[/]  [dim]log: {log_file}[/]", soft_wrap=True)
    for note in notes:
        console.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)
    started_at = datetime.datetime.now(datetime.timezone.utc)
    start = time.monotonic()
    display = StepDisplay(console)
    error: BaseException | None = None
    try:
        _run_pipeline(config, sources, run_dir.name, console, display)
    except (
        BaseException
    ) as raised:  # a report is due for an interrupt too; it is raised again below
        logging.getLogger(__name__).exception("the run stopped")
        error = raised
    results = read_results(display.steps)
    report = RunReport(
        run_id=run_dir.name,
        name=config.name,
        status="failed" if error or results.publication is None else results.publication.status,
        started_at=started_at.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - start, 1),
        steps=display.steps,
        model_base=str(config.model_base),
        notes=tuple(notes),
        error="" if error is None else str(explained(error, log_file)),
        **vars(results),
    )
    report.write(run_dir / REPORT_FILE)
    last = config.output_dir / REPORT_FILE
    if report.steps or not has_steps(last):
        report.write(last)
    if isinstance(error, Exception):
        raise explained(error, log_file) from error
    if error is not None:
        raise error
    show_report(report, console)
    return report


def _run_pipeline(
    config: RunConfig, sources: Sources, run_id: str, console: Console, display: StepDisplay
) -> None:
    with console.status("loading TensorFlow and TFX"):
        from components.validation.schema import write_schema
        from pipeline.build import build_pipeline
        from pipeline.metadata import metadata_connection
        from pipeline.places import prepare_places
        from pipeline.plan.check import check_memory
        from pipeline.pretrained import with_local_weights
        from pipeline.runner import ObservedLocalDagRunner

        connection = metadata_connection(config, os.environ)
        copies = prepare_places(config)
        config = with_local_weights(config)
        check_memory(config, sources)
        schema_file = write_schema(
            config.validation, config.typed_task, config.ingest, config.output_dir / "schemas"
        )
        pipeline = build_pipeline(
            config,
            sources=sources,
            schema_file=schema_file,
            run_id=run_id,
            connection=connection,
        )
    display.total_steps = len(pipeline.components)
    with display, listening(display.advance):
        ObservedLocalDagRunner(run_id, display, copies=copies).run(pipeline)


def explained(error: BaseException, log_file: Path) -> AlbertTfxError:
    """Returns what a person should read of `error`: our own message in it, or where to look."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, AlbertTfxError):
            return cause
    if any(_is_disk_error(cause) for cause in causes):
        return UserError(
            f"output: cannot be written ({_last_line(error)}); free space, "
            "or choose another folder with --set output=FOLDER"
        )
    if isinstance(error, KeyboardInterrupt):
        return AlbertTfxError("interrupted; the same command goes on from the last checkpoint")
    return AlbertTfxError(f"{type(error).__name__}: {_last_line(error)}; see {log_file}")


def _is_disk_error(error: BaseException) -> bool:
    """Returns whether the output folder is full or read-only; TensorFlow says so only in words."""
    known = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
    if isinstance(error, OSError) and error.errno in known:
        return True
    return any(os.strerror(number) in str(error) for number in known)


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[-1].strip()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yields `error` and what it was raised from or during, nearest first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
