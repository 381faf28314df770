"""The end of a run as a person reads it: data, metrics, the gate's rules, and what is live now."""

import math
from collections.abc import Iterator
from itertools import groupby, islice

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from components.evaluation.thresholds import CANDIDATE
from components.evaluation.verdict import Verdict
from components.ingest.summary import IngestSummary
from models.tuning.record import TuningRecord, shown
from pipeline.report import RunReport
from pipeline.results import seeds_line

_COLORS = {"published": "green", "up_to_date": "green", "refused": "yellow", "failed": "red"}
_OUTCOMES = {"pass": "[green]pass[/]", "fail": "[red]fail[/]", "skipped": "[dim]skipped[/]"}

_SLICES_SHOWN = 10
"""Slices of a feature that are printed, the worst; `run.json` has the others."""


def show_report(report: RunReport, console: Console) -> None:
    """Prints `report`."""
    parts: list[RenderableType] = []
    if report.ingest is not None:
        parts.append(_data(report.ingest))
    if report.tuning is not None:
        parts.append(_trials(report.tuning))
    if report.verdict is not None:
        parts += [_metrics(report.verdict), *_slices(report.verdict), _rules(report.verdict)]
    parts.append(_end(report))
    console.print(Group(*parts))


def _data(summary: IngestSummary) -> Table:
    table = Table(title="Data", title_justify="left")
    for column in ("split", "rows", "duplicates", "leaks"):
        table.add_column(column, justify="left" if column == "split" else "right")
    for split, rows in summary.accepted.items():
        table.add_row(
            split,
            f"{rows:,}",
            f"{summary.duplicates.get(split, 0):,}",
            f"{summary.leaks.get(split, 0):,}",
        )
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in summary.rejected.items())
    table.caption = f"{summary.num_rows:,} rows read, {summary.num_rejected:,} rejected" + (
        f": {reasons}" if reasons else ""
    )
    table.caption_justify = "left"
    return table


def _trials(tuning: TuningRecord) -> Table:
    """Every trial of a search, the best first."""
    paths = list(dict.fromkeys(path for trial in tuning.trials for path in trial.values))
    table = Table(title=f"Trials of the {tuning.algorithm} search", title_justify="left")
    for column in ("trial", *paths, tuning.metric, "steps", "seconds"):
        table.add_column(column, justify="right")
    sign = -1.0 if tuning.higher_is_better else 1.0
    ranked = sorted(
        tuning.trials, key=lambda trial: math.inf if trial.score is None else sign * trial.score
    )
    for trial in ranked:
        table.add_row(
            str(trial.number),
            *(shown(trial.values.get(path, "")) for path in paths),
            "[red]failed[/]" if trial.score is None else f"{trial.score:.4f}",
            "" if trial.steps is None else f"{trial.steps:,}",
            "" if trial.seconds is None else f"{trial.seconds:.1f}",
            style="bold" if trial.number == tuning.best else "",
        )
    return table


def _metrics(verdict: Verdict) -> Table:
    """Overall metrics by model, the candidate first, and each model's worst slice."""
    names = list(verdict.metrics.get(CANDIDATE, {}))
    table = Table(
        title=f"Metrics on {verdict.split} ({verdict.num_rows:,} rows)", title_justify="left"
    )
    table.add_column("model")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("worst slice")
    for model in _models(verdict):
        metrics = verdict.metrics[model]
        worst = verdict.worst_slices.get(model)
        shown = (
            f"{worst.slice}: {worst.metric} {worst.value:.4f} ({worst.num_rows:,} rows)"
            if worst
            else ""
        )
        style = "bold" if model == CANDIDATE else ""
        table.add_row(
            model, *(_number(metrics.get(name)) for name in names), escape(shown), style=style
        )
    return table


def _slices(verdict: Verdict) -> Iterator[Table]:
    """The deciding metric by slice and model, the worst slices of each feature."""
    if not verdict.slices:
        return
    models = _models(verdict)
    metric = next(iter(verdict.slices.values())).metric
    table = Table(title=f"{metric} by slice", title_justify="left", caption_justify="left")
    table.add_column("slice")
    for column in ("rows", *models):
        table.add_column(column, justify="right")
    num_shown = 0
    for _, group in groupby(verdict.slices.items(), lambda item: item[0].partition("=")[0]):
        for name, figures in islice(group, _SLICES_SHOWN):
            values = [_number(figures.values.get(model)) for model in models]
            table.add_row(escape(name), f"{figures.num_rows:,}", *values)
            num_shown += 1
        table.add_section()
    if num_shown < verdict.num_slices:
        table.caption = (
            f"{num_shown:,} of {verdict.num_slices:,} slices, the worst of each feature; "
            f"run.json has {len(verdict.slices):,}"
        )
    yield table


def _models(verdict: Verdict) -> list[str]:
    """Returns the names of the models, the candidate first."""
    return sorted(verdict.metrics, key=lambda model: model != CANDIDATE)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _rules(verdict: Verdict) -> Table:
    table = Table(title="Rules of the gate", title_justify="left", show_header=False)
    for reason in verdict.reasons:
        table.add_row(_OUTCOMES[reason.outcome], escape(reason.sentence))
    notes = [verdict.note] if verdict.note else []
    if verdict.champion.status == "incompatible":
        notes.append(f"the champion was left out: {verdict.champion.reason}")
    for note in notes:
        table.add_row("[yellow]note[/]", escape(note))
    return table


def _end(report: RunReport) -> Panel:
    cached = sum(step.status == "cached" for step in report.steps)
    publication = report.publication
    lines = [publication.summary, *publication.reasons] if publication else []
    if spread := seeds_line(report.training or {}):
        lines.append(f"dev {spread}; the best is the candidate")
    lines += report.notes
    lines.append(f"{len(report.steps)} steps in {report.seconds:.0f} s, {cached} of them cached")
    color = _COLORS[report.status]
    return Panel(
        Text("\n".join(lines)),
        title=f"[bold {color}]{report.status.replace('_', ' ')}[/]",
        title_align="left",
    )
