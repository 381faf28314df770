"""`albert-tfx drift`: compares the request log with the training data, and keeps the verdict."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from components.drift.report import DriftLimits, DriftReport
from serving.quiet import silence_libraries
from serving.versions import version_dir

REPORT_FILE = "drift.json"
STATISTICS_FILE = "statistics.pb"
PICTURE_FILE = "drift.html"


def check_drift(
    model_base: Path,
    log_dir: Path,
    console: Console,
    *,
    hours: float,
    version: int | None,
    limits: DriftLimits,
    output: Path | None,
) -> tuple[DriftReport, Path]:
    """Compares what was asked of a version with what it was trained on.

    Args:
      model_base: Folder of the versions.
      log_dir: Folder of the gateway's request log.
      console: Shows that it works.
      hours: Length of the period that ends now.
      version: The version whose training data is compared; None: the live one.
      limits: How far the two may be apart.
      output: Folder for the verdict, its picture and TFDV's statistics; None: beside the log, by
        the time.

    Returns:
      The verdict, and the folder that it was written to.

    Raises:
      UserError: If there is no such version, no profile in it, or no log of the period.
    """
    until = datetime.now(timezone.utc).replace(microsecond=0)
    since = until - timedelta(hours=hours)
    model_dir = version_dir(model_base, version)
    silence_libraries()
    with console.status("comparing the request log with the training data"):
        from components.drift.comparison import compare
        from components.drift.log import describe_log, log_files
        from components.drift.picture import write_picture
        from components.drift.profile import read_profile

        profile = read_profile(model_dir)
        files = log_files(log_dir, since)
        folder = output or log_dir / "drift" / f"{until:%Y%m%dT%H%M%SZ}"
        serving = describe_log(files, profile, folder / STATISTICS_FILE, since=since, until=until)
        report = compare(
            profile,
            serving,
            version=int(model_dir.name),
            since=since,
            until=until,
            limits=limits,
        )
        write_picture(folder / PICTURE_FILE, report, profile.statistics, serving)
    (folder / REPORT_FILE).write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    return report, folder


def drift_table(report: DriftReport) -> Table:
    """Returns the measurements as a table."""
    table = Table(
        title=f"{report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC",
        title_justify="left",
    )
    for column in ("feature", "measure", "value", "limit", "training", "serving"):
        table.add_column(column, justify="right" if column in ("value", "limit") else "left")
    for item in report.measurements:
        value = f"{item.value:.4f}"
        table.add_row(
            item.feature,
            item.measure.replace("_", " "),
            f"[red]{value}[/]" if item.drifted else value,
            f"{item.limit:g}",
            item.training,
            item.serving,
        )
    return table
