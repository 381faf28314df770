"""`albert-tfx score`: a published model on rows that were labelled since it was trained."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from components.evaluation.score import Score
from pipeline.config import RunConfig
from schemas.errors import UserError
from schemas.model_info import read_model_info
from serving.quiet import silence_libraries
from serving.versions import version_dir


class ScoreReport(BaseModel):
    """A score and what is made of it.

    Attributes:
      status: "stable", "dropped", or "too_few" rows to tell.
      version: The version that was measured.
      metric: The metric that decides, the task's first.
      published: What was measured when it was published, by metric.
      score: What was measured now.
      drop: How much worse it is now, in the metric's own unit; negative where it is better.
      max_drop: How much worse it may be.
      min_rows: Rows below which nothing is said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["stable", "dropped", "too_few"]
    version: int
    metric: str
    published: dict[str, float]
    score: Score
    drop: float | None
    max_drop: float
    min_rows: int

    @property
    def sentence(self) -> str:
        """The report in one line."""
        rows = f"{self.score.num_rows:,} labelled rows"
        if self.drop is None:
            return f"version {self.version}: {self.metric} cannot be told from {rows}"
        if self.status == "too_few":
            return f"version {self.version}: too few to tell, {rows} of {self.min_rows:,}"
        now, then = self.score.metrics[self.metric], self.published[self.metric]
        change = "fell" if self.status == "dropped" else "holds"
        return (
            f"version {self.version}: {self.metric} {change}, {now:.4f} on {rows}, "
            f"{then:.4f} when published (allowed: {self.max_drop:g} worse)"
        )


def score_files(
    config: RunConfig,
    pattern: str,
    console: Console,
    *,
    version: int | None,
    min_rows: int,
    max_drop: float,
) -> ScoreReport:
    """Measures a version of the config's model on labelled rows.

    Args:
      config: Of the run that published the model.
      pattern: File or glob of labelled rows.
      console: Shows that it works.
      version: Number of a version; None: the live one.
      min_rows: Rows below which nothing is said.
      max_drop: How much worse than when it was published it may be.

    Raises:
      UserError: If there is no such version, no record of its metrics, or the rows cannot be used.
    """
    model_dir = version_dir(config.model_base, version)
    metric = config.typed_task.metrics()[0]
    info = read_model_info(model_dir)
    published = {} if info is None else dict(info.metrics)
    if metric.name not in published:
        raise UserError(
            f"{model_dir} must hold a record with its {metric.name}; it holds "
            f"{', '.join(published) or 'none'}; publish it with `albert-tfx run`"
        )
    silence_libraries()
    with (
        console.status("measuring on the labelled rows"),
        tempfile.TemporaryDirectory(prefix="score-") as folder,
    ):
        from components.evaluation.score import score

        found = score(model_dir, pattern, config.ingest, config.task_record(), Path(folder))
    now = found.metrics[metric.name]
    sign = 1.0 if metric.higher_is_better else -1.0
    drop = None if now is None else sign * (published[metric.name] - now)
    if drop is None or found.num_rows < min_rows:
        status = "too_few"
    else:
        status = "dropped" if drop > max_drop else "stable"
    return ScoreReport(
        status=status,
        version=int(model_dir.name),
        metric=metric.name,
        published=published,
        score=found,
        drop=drop,
        max_drop=max_drop,
        min_rows=min_rows,
    )


def score_table(report: ScoreReport) -> Table:
    """Returns the metrics then and now as a table."""
    table = Table(title=f"version {report.version}", title_justify="left")
    table.add_column("metric")
    for column in ("published", "labelled rows"):
        table.add_column(column, justify="right")
    for name, now in report.score.metrics.items():
        then = report.published.get(name)
        table.add_row(name, *("" if value is None else f"{value:.4f}" for value in (then, now)))
    return table
