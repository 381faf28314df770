"""A plan as a person reads it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from models.plan.devices import GIB
from pipeline.plan.plan import Choice, Plan

_ADVICE = (
    "lower train.batch_size, compute a step in parts with train.accumulation, "
    "or set train.gradient_checkpointing"
)


def plan_record(plan: Plan) -> str:
    """Returns the plan as JSON: bytes, seconds, operations."""
    record: dict[str, Any] = asdict(plan)
    record["fits"] = plan.fits
    for part in ("flops", "longest_flops", "memory", "time", "parameters"):
        record[part]["total"] = getattr(plan, part).total
    record["parameters"]["backbone"] = plan.parameters.backbone
    return json.dumps(record, indent=2)


def show_plan(plan: Plan, console: Console) -> None:
    """Prints the plan."""
    console.print(Group(_model(plan), _step(plan), _memory(plan), _choices(plan), _verdict(plan)))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    return table


def _model(plan: Plan) -> RenderableType:
    table = _table("Parameters", "part", "number")
    table.min_width = 60
    for part in fields(plan.parameters):
        table.add_row(part.name, f"{getattr(plan.parameters, part.name):,}")
    table.add_section()
    table.add_row("total", f"{plan.parameters.total:,}", style="bold")
    table.caption = f"{plan.parameters.backbone:,} of them are the backbone: all but the head"
    return table


def _step(plan: Plan) -> RenderableType:
    lengths = plan.data.lengths
    several = f" of {plan.data.sequences:.3g} sequences" if plan.data.sequences != 1.0 else ""
    table = _table(
        f"A step of {plan.batch_size * plan.accumulation} rows{several}, {plan.precision}",
        "",
        f"sequences as they are ({lengths.mean:.0f} tokens)",
        f"longest sequences ({lengths.longest} tokens)",
    )
    for part in fields(plan.flops):
        table.add_row(
            f"{part.name}, GFLOP",
            f"{getattr(plan.flops, part.name) / 1e9:,.1f}",
            f"{getattr(plan.longest_flops, part.name) / 1e9:,.1f}",
        )
    time = plan.time
    table.caption = escape(
        f"lengths: {plan.data.source}\n"
        f"{1e3 * time.total:,.1f} ms a step: products {1e3 * time.products:,.1f}, element-wise "
        f"{1e3 * time.elementwise:,.1f}, overhead {1e3 * time.overhead:,.1f}"
    )
    return table


def _memory(plan: Plan) -> RenderableType:
    table = _table(f"Peak memory, {plan.data.lengths.longest} tokens a row", "part", "GiB")
    table.min_width = 60
    for part in fields(plan.memory):
        style = "bold" if part.name == "total" else ""
        table.add_row(part.name, f"{getattr(plan.memory, part.name) / GIB:,.3f}", style=style)
    table.caption = (
        "activations with scores and pieces, shared gradients and update\n"
        "come one after another: the largest counts; with checkpointing\n"
        "activations, scores and shared gradients are there together"
    )
    return table


def _choices(plan: Plan) -> RenderableType:
    table = _table(
        "Batch sizes, for the same rows",
        "rows a step",
        *("GiB", "fits", "tokens/s", "time"),
        *("GiB, checkpointing", "fits", "tokens/s", "time"),
    )
    pairs = zip(plan.choices[::2], plan.choices[1::2], strict=True)
    for plain, checkpointed in pairs:
        style = "bold" if plain.batch_size == plan.batch_size else ""
        cells = [*_cells(plain), *_cells(checkpointed)]
        table.add_row(str(plain.batch_size), *cells, style=style)
    return table


def _cells(choice: Choice) -> Iterator[str]:
    yield f"{choice.memory_bytes / GIB:,.1f}"
    yield "[green]yes[/]" if choice.fits else "[red]no[/]"
    yield f"{choice.tokens_per_second:,.0f}" if choice.fits else "–"
    yield "–" if choice.hours is None or not choice.fits else _duration(choice.hours)


def _duration(hours: float) -> str:
    """Returns a time in the unit that suits it.

    >>> _duration(0.5), _duration(30.0)
    ('30.0 min', '30.0 h')
    """
    return f"{60 * hours:,.1f} min" if hours < 1 else f"{hours:,.1f} h"


def _verdict(plan: Plan) -> RenderableType:
    device = f"{plan.device.name} ({plan.device.memory_bytes / GIB:.1f} GiB)"
    needed = f"{plan.memory.total / GIB:.1f} GiB"
    if plan.steps is None:
        lines = ["steps: unknown without the data; give --rows or train.steps"]
    else:
        runs = f" x {plan.runs} seeds" if plan.runs > 1 else ""
        lines = [f"{plan.steps:,} steps{runs}, {_duration(plan.hours or 0.0)} with evaluations"]
    if plan.cost is not None:
        lines.append(f"cost: {plan.cost:,.2f} at the given price of an hour")
    title = f"[bold green]fits[/] {device}" if plan.fits else f"[bold red]does not fit[/] {device}"
    lines.insert(0, f"a step needs {needed}" + ("" if plan.fits else f": {_ADVICE}"))
    return Panel(Text("\n".join(lines)), title=title, title_align="left")
