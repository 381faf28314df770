"""Ten days of SST-2 through `albert-tfx watch`, one of them with its labels turned round.

    python -m benchmarks.spans --sst2 SST2

SST2 holds the authors' train.tsv and dev.tsv: no header, text and label. The training rows
are dealt to the days; each day is written and `watch --once` called, as cron would. The gate judges
on dev.tsv. The last day but two comes with every label turned round. Bars: each run that starts
from the champion is faster than the first, which starts from nothing; the poisoned day is refused
and the champion stays.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from pipeline.commands.run import EXIT_REFUSED
from pipeline.watch.rounds import Round, RoundFolder

_METRICS = ("accuracy", "mcc", "auc")


@dataclass(frozen=True)
class Day:
    """What one call of the watcher took and did."""

    number: int
    poisoned: bool
    wall_seconds: float
    round: Round


def main() -> int:
    """Runs the days and prints them; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--sst2", type=Path, required=True, help="folder of train.tsv and dev.tsv")
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--window", type=int, default=1, help="days that a run trains on")
    parser.add_argument("--output", type=Path, help="folder to keep; unset: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spans-") as temporary:
        folder = arguments.output or Path(temporary)
        days = run_days(arguments.sst2, folder, arguments.days, arguments.window)
    return show(days)


def run_days(sst2: Path, folder: Path, num_days: int, window: int) -> list[Day]:
    """Deals the rows, and watches day after day.

    Args:
      sst2: Folder of the authors' files.
      folder: Folder for the days and the output.
      num_days: Number of days.
      window: Days that a run trains on.
    """
    rows = (sst2 / "train.tsv").read_text("utf-8").splitlines()
    random.Random(0).shuffle(rows)
    config_path = folder / "config.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    config_path.write_text(yaml.safe_dump(_config(sst2, folder, window)), "utf-8")
    poisoned_day = max(num_days - 2, 1)
    days = []
    for number in range(1, num_days + 1):
        poisoned = number == poisoned_day
        _write_day(folder, number, rows[number - 1 :: num_days], poisoned=poisoned)
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "watch", str(config_path), "--once"], check=False
        )
        seconds = time.monotonic() - start
        if done.returncode not in (0, EXIT_REFUSED):
            sys.exit(f"day {number}: the watch failed; what it says is above")
        item = RoundFolder(folder / "output").read()[-1]
        days.append(Day(number, poisoned, seconds, item))
        if poisoned and window > 1:  # the owner of the data mends it before the next day
            _write_day(folder, number, rows[number - 1 :: num_days], poisoned=False)
    return days


def show(days: Sequence[Day]) -> int:
    """Prints every day and whether the bars are met; returns the exit code."""
    table = Table(title="SST-2, day by day", title_justify="left")
    for column in ("day", "start", "steps", "run s", "wall s", *_METRICS, "verdict", "live"):
        table.add_column(column)
    for day in days:
        values = day.round.metrics.get("candidate", {})
        table.add_row(
            f"{day.number}{' (poisoned)' if day.poisoned else ''}",
            day.round.start,
            str(day.round.steps),
            f"{day.round.seconds:.1f}" if day.round.seconds else "",
            f"{day.wall_seconds:.1f}",
            *(_figure(values.get(name)) for name in _METRICS),
            day.round.status,
            str(day.round.live_version or ""),
        )
    console = Console(width=160)
    console.print(table)
    first, *later = days
    slower = [day.number for day in later if day.wall_seconds >= first.wall_seconds]
    before = {day.number + 1: day.round.live_version for day in days}
    harmed = [
        day.number
        for day in days
        if day.poisoned
        and (
            day.round.status not in ("refused", "failed")
            or day.round.live_version != before.get(day.number)
        )
    ]
    console.print(f"later runs as slow as the first: {slower or 'none'}")
    console.print(f"poisoned days that were let through: {harmed or 'none'}")
    return int(bool(slower or harmed))


def _config(sst2: Path, folder: Path, window: int) -> dict[str, object]:
    """Returns the watched config: a small ALBERT, 12 epochs at first, 4 slower ones a day after."""
    return {
        "name": "sst2-days",
        "output": str(folder / "output"),
        "task": {"name": "classification", "labels": ["0", "1"]},
        "ingest": {
            "train": str(folder / "day-{SPAN}" / "train.tsv"),
            "test": str(sst2.absolute() / "dev.tsv"),
            "span_marker": str(folder / "day-{SPAN}" / "_SUCCESS"),
            "window": window,
            "header": False,
            "columns": {"text": 0, "label": 1},
        },
        # A day has 70 dev rows, whose labels vary by chance; here the model's gate decides.
        "validation": {"max_label_drift": 0.5},
        "vocabulary": {"size": 2000},
        "model": {"size": "albert-tiny", "max_length": 64, "initializer_range": 0.05},
        "train": {
            "learning_rate": 5.0e-4,
            "batch_size": 32,
            "epochs": 12.0,
            "precision": "float32",
        },
        "baselines": {"include": ["majority"]},
        "evaluate": {
            "thresholds": [
                {"metric": "accuracy", "over": "majority", "min": 0.02},
                {"metric": "accuracy", "over": "champion", "min": -0.02},
            ]
        },
        "watch": {"epochs": 4.0, "learning_rate": 1.0e-4},
    }


def _write_day(folder: Path, number: int, rows: Sequence[str], *, poisoned: bool) -> None:
    """Writes the rows of a day, its marker last."""
    day = folder / f"day-{number:02d}"
    day.mkdir(parents=True, exist_ok=True)
    turned = {"0": "1", "1": "0"}
    pairs = [row.rsplit("\t", 1) for row in rows]
    lines = [f"{text}\t{turned[label] if poisoned else label}" for text, label in pairs]
    (day / "train.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (day / "_SUCCESS").touch()


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())
