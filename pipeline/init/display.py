"""Shows what was found and what was written, and the commands to type next."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.init.columns import ColumnProfile, title
from pipeline.init.findings import is_rare
from pipeline.init.layout import Column, FileLayout
from pipeline.init.roles import Roles
from pipeline.init.sample import SAMPLE_ROWS
from pipeline.init.survey import Survey, percentile
from schemas import features as keys

_LABELS_SHOWN = 20
_CELL_SHOWN = 60


def show_findings(
    console: Console,
    layouts: Mapping[str, FileLayout],
    profiles: Sequence[ColumnProfile],
    roles: Roles,
    survey: Survey,
) -> None:
    """Shows files, columns, labels, lengths and what is wrong with rows."""
    console.print(_files(layouts, survey))
    console.print(_columns(profiles, roles))
    console.print(_labels(survey, layouts))
    console.print(_lengths(survey))
    console.print(_repeats(survey))
    if survey.num_rejected:
        console.print(_rejected(survey))


def show_warnings(console: Console, warnings: Iterable[str]) -> None:
    """Shows what a person should look at."""
    for warning in warnings:
        console.print(Text.assemble(("! ", "bold yellow"), warning))


def show_next(console: Console, config_path: Path, schema_path: Path, model_base: Path) -> None:
    """Shows what was written and the next two commands."""
    console.print(
        Text.assemble("\nwrote ", (str(config_path), "bold"), " and ", (str(schema_path), "bold"))
    )
    console.print("read them, then type:")
    for command in (
        f"albert-tfx run {_quoted(config_path)}",
        f'albert-tfx predict --model-base {_quoted(model_base)} "a text of yours"',
    ):
        console.print(Text(f"  {command}", style="bold cyan"), soft_wrap=True)


def _files(layouts: Mapping[str, FileLayout], survey: Survey) -> Table:
    table = _table("file", "split", "format", ">usable rows")
    for split, layout in layouts.items():
        shown_split = (
            split
            if keys.EVAL in layouts or split != keys.TRAIN
            else "train, and eval split from it"
        )
        header = "" if layout.width is None else (", header" if layout.header else ", no header")
        gzipped = ", gzip" if layout.path.suffix.lower() == ".gz" else ""
        rows = f"{survey.counts.accepted[split]:,}"
        table.add_row(
            Text(str(layout.path)), shown_split, layout.format.upper() + header + gzipped, rows
        )
    return table


def _columns(profiles: Sequence[ColumnProfile], roles: Roles) -> Table:
    num_rows = profiles[0].num_rows
    sampled = f" in {num_rows:,} rows" if num_rows >= SAMPLE_ROWS else ""
    table = _table("column", "role", f">values{sampled}", "an example")
    for profile in profiles:
        example = next(iter(profile.values), "")
        table.add_row(
            Text(title(profile.column)),
            _role(profile.column, roles),
            f"{len(profile.values):,}",
            Text(_cut(example)),
        )
    return table


def _role(column: Column, roles: Roles) -> Text:
    if column == roles.text:
        return Text("text", style="bold")
    if column == roles.label:
        return Text("label", style="bold")
    if column in roles.slices:
        return Text("slice of the evaluation")
    return Text(f"not used: {roles.unused[column]}", style="dim")


def _labels(survey: Survey, layouts: Mapping[str, FileLayout]) -> Table:
    table = _table("label", *(f">{split}" for split in layouts), "")
    labels = survey.labels
    by_split = {split: survey.labels_of(split) for split in layouts}
    for label, _ in labels.most_common(_LABELS_SHOWN):
        cells = [_count_and_share(counts[label], counts.total()) for counts in by_split.values()]
        table.add_row(
            Text(_cut(label)),
            *cells,
            Text("rare", style="yellow") if is_rare(labels, label) else "",
        )
    if len(labels) > _LABELS_SHOWN:
        rest = labels.most_common()[_LABELS_SHOWN:]
        rare = sum(is_rare(labels, label) for label, _ in rest)
        cells = [f"{sum(counts[label] for label, _ in rest):,}" for counts in by_split.values()]
        table.add_row(
            f"… {len(rest)} more", *cells, Text(f"{rare} rare", style="yellow") if rare else ""
        )
    return table


def _lengths(survey: Survey) -> Table:
    table = _table("text length", ">min", ">median", ">95 %", ">max")
    for name, histogram in (("words", survey.words), ("characters", survey.characters)):
        figures = (percentile(histogram, share) for share in (0.0, 0.5, 0.95, 1.0))
        table.add_row(name, *(f"{figure:,}" for figure in figures))
    return table


def _repeats(survey: Survey) -> Table:
    table = _table("repeats", ">rows", "such as")
    counts = survey.counts
    for name, finding, counter in (
        ("same text, same label", "duplicates", counts.duplicates),
        ("same text, other label", "conflicts", counts.conflicts),
        ("text of train in eval or test", "leaks", counts.leaks),
    ):
        rows = ", ".join(row.row for row in counts.examples.get(finding, ()))
        table.add_row(name, f"{counter.total():,}", Text(rows, style="dim"))
    return table


def _rejected(survey: Survey) -> Table:
    table = _table("rows that cannot be used", ">rows", "such as")
    for reason, number in survey.counts.rejected.most_common():
        rows = survey.counts.examples.get(reason, ())
        example = f"{rows[0].row}: {rows[0].text}" if rows else ""
        table.add_row(reason.replace("_", " "), f"{number:,}", Text(example, style="dim"))
    return table


def _count_and_share(number: int, total: int) -> str:
    return f"{number:,}  {number / total:6.1%}" if total else "0"


def _table(*headings: str) -> Table:
    """Makes a table; the column of a heading with `>` in front is set to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading in headings:
        right = heading.startswith(">")
        justify = "right" if right else "left"
        table.add_column(heading.removeprefix(">"), justify=justify, overflow="fold")
    return table


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CELL_SHOWN else line[: _CELL_SHOWN - 1] + "…"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
