"""`albert-tfx tune-serving`: latencies measured, shown, and turned into the server's files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from serving.quiet import silence_libraries
from serving.versions import version_dir

if TYPE_CHECKING:
    from serving.tuning.choice import Choice
    from serving.tuning.files import ServingFiles
    from serving.tuning.latency import Latency


def tune(
    model_base: Path,
    console: Console,
    *,
    version: int | None = None,
    max_latency_ms: float | None = None,
    seconds: float = 2.0,
    as_json: bool = False,
) -> None:
    """Measures a version, writes the files into `model_base`, and says what was found.

    Args:
      model_base: Folder of the versions.
      console: To print on.
      version: Its number; None: the live one.
      max_latency_ms: What a request may take while every batch is full; None: anything.
      seconds: Time for each batch size and number of threads.
      as_json: Print JSON, and no table.

    Raises:
      UserError: If there is no such version, it has no rows to send, the latency cannot be had, or
        the folder cannot be written; nothing is written then.
    """
    model_dir = version_dir(model_base, version)
    latencies = _measured(model_dir, seconds)
    from serving.tuning.choice import choose
    from serving.tuning.files import write_measured

    choice = choose(latencies, max_latency_ms=max_latency_ms)
    files = write_measured(model_base, choice.options, _note(model_dir, choice))
    if as_json:
        console.print_json(_record(latencies, choice, files))
        return
    console.print(_table(latencies, choice))
    console.print(_advice(choice, files), soft_wrap=True)


def _measured(model_dir: Path, seconds: float) -> list[Latency]:
    silence_libraries()
    from serving.saved_model import LoadedModel
    from serving.tuning.latency import known_rows, measure

    rows = known_rows(model_dir)
    with LoadedModel.load(model_dir) as model:
        return list(measure(model, rows, seconds=seconds))


def _note(model_dir: Path, choice: Choice) -> str:
    latency = choice.latency
    return (
        f"version {model_dir.name} answers {latency.rows_per_second:,.1f} rows/s, "
        f"{latency.p50_ms:.1f} ms a batch of {latency.batch_size}"
    )


def _record(latencies: Sequence[Latency], choice: Choice, files: ServingFiles) -> str:
    record = {
        "latencies": [asdict(latency) for latency in latencies],
        "chosen": asdict(choice.options) | {"worst_ms": choice.worst_ms},
        "files": {name: str(path) for name, path in asdict(files).items()},
    }
    return json.dumps(record)


def _table(latencies: Sequence[Latency], choice: Choice) -> Table:
    table = Table(title="Runs of the model", title_justify="left")
    for column in ("rows at once", "runs at once", "p50, ms", "p99, ms", "rows/s", ""):
        table.add_column(column, justify="right")
    for latency in latencies:
        is_chosen = latency == choice.latency
        table.add_row(
            str(latency.batch_size),
            str(latency.num_threads),
            f"{latency.p50_ms:,.2f}",
            f"{latency.p99_ms:,.2f}",
            f"{latency.rows_per_second:,.1f}",
            "chosen" if is_chosen else "",
            style="bold" if is_chosen else "",
        )
    return table


def _advice(choice: Choice, files: ServingFiles) -> str:
    options = choice.options
    return (
        f"batches of up to {options.max_batch_size} rows, {options.num_batch_threads} at the same "
        f"time, which wait {options.batch_timeout_micros / 1000:g} ms to be filled; "
        f"{options.max_enqueued_batches} may queue. A request takes {choice.worst_ms:,.1f} ms at "
        "most while the queue is empty and every batch full.\n"
        f"albert-tfx serve {files.flags()}"
    )
