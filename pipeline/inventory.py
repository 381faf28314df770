"""`albert-tfx models`: the published versions, which is live, how good, where each comes from."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from serving.control.history import Change, read_history
from serving.control.release import Release
from serving.inventory import PublishedModel, list_models
from serving.versions import nothing_published

_SHORT = 12


def show_models(model_base: Path, console: Console, *, as_json: bool = False) -> None:
    """Prints the versions under `model_base`, newest first.

    Raises:
      UserError: If nothing is published there.
    """
    models = list_models(model_base)[::-1]
    if not models:
        raise nothing_published(model_base)
    if as_json:
        console.print_json(json.dumps([model.model_dump(mode="json") for model in models]))
    else:
        console.print(_table(models))


def show_history(model_base: Path, console: Console, *, as_json: bool = False) -> None:
    """Prints every change of what is live, newest first."""
    changes = read_history(model_base)[::-1]
    if as_json:
        console.print_json(json.dumps([change.model_dump(mode="json") for change in changes]))
        return
    table = Table(title="Changes of what is live, newest first", title_justify="left")
    for column in ("when (UTC)", "change", "by", "from", "to", "reason"):
        table.add_column(column, no_wrap=column != "reason")
    for change in changes:
        table.add_row(*_change_cells(change))
    console.print(table)


def _change_cells(change: Change) -> tuple[str, ...]:
    when = f"{change.at:%Y-%m-%d %H:%M}"
    before, after = _live(change.before), _live(change.after)
    return (when, change.action, change.by, before, after, change.reason)


def _live(release: Release | None) -> str:
    if release is None:
        return ""
    canary = f", {release.canary.version} at {release.canary.percent:g} %" if release.canary else ""
    return f"{release.stable}{canary}"


def _table(models: Sequence[PublishedModel]) -> Table:
    table = Table(title="Published versions, newest first", title_justify="left")
    for column in ("version", "live", "model", "metrics", "data", "code", "run", "published"):
        table.add_column(column, no_wrap=True)
    for model in models:
        role = f"[green]{model.role}[/]" if model.live else model.role
        table.add_row(str(model.version), role, *_cells(model))
    return table


def _cells(model: PublishedModel) -> tuple[str, ...]:
    """Returns the cells that come from the model's own record."""
    if model.info is None or model.problem:
        return (f"[red]{model.problem}[/]", "", "", "", "", "")
    info = model.info
    return (
        f"{info.name}\n{info.task}",
        "\n".join(f"{name} {value:.4f}" for name, value in info.metrics.items()),
        "\n".join(f"{split} {fingerprint[:_SHORT]}" for split, fingerprint in info.data.items()),
        info.code_version[:_SHORT],
        info.run_id[:15],
        info.published_at[:16].replace("T", " "),
    )
