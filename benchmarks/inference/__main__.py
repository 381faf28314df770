"""Text to label, albert-base with random weights: ours beside transformers and ONNX Runtime.

    python -m benchmarks.inference --peer-python PEER/bin/python  # all sides, in turns
    python -m benchmarks.inference                                # ours alone
    python -m benchmarks.inference --bulk --peer-python PEER/bin/python  # files of rows
    python -m benchmarks.inference --size albert-tiny --turns 1   # to try it out

PEER is a Python 3.11 environment with `pip install torch==2.13.0 transformers onnx onnxruntime`.

Every side has the same weights, the same vocabulary and the dev texts of SST-2 in their order, and
starts from raw text. Each is a process of its own on two threads; they take turns, after one turn
that is not counted. The figure is the median of the turns. Bars: at batch 32 two thirds of the time
of the better peer of like precision or less, at batch 1 no more than its time.

With --bulk, 512 dev texts: ours by `albert-tfx infer`, from a file to a file, the time to load the
model included; the pipeline with the texts in its memory, sorted by length. Bar: 1.2 times its rows
a second, in bfloat16.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.inference.workload import SAVED_MODELS
from benchmarks.worker import ROOT, Worker

SST2 = ROOT.parent / "shared" / "data" / "sst2"
BATCHES: Mapping[int, int] = {1: 32, 8: 6, 32: 3}
"""Batches of one turn, by size."""

PEERS: Mapping[str, Sequence[str]] = {
    "float32": ("transformers-float32", "onnx-float32"),
    "bfloat16": ("transformers-bfloat16",),
    "int8": ("onnx-int8",),
}
"""By precision; int8 has no like one among ours, and is shown beside them."""

BULK_SIDES = ("ours-bfloat16", "transformers-bfloat16")
BULK_BATCH = 32
BULK_ROWS = 512

_TOLERANCES: Mapping[str, float] = {"float32": 1e-4, "bfloat16": 3e-2, "int8": 3e-1}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the arguments name, and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--peer-python", help="interpreter with the peers")
    parser.add_argument("--data", type=Path, default=SST2, help="folder of train.tsv and dev.tsv")
    parser.add_argument("--size", default="albert-base-v2")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=list(BATCHES))
    parser.add_argument("--bulk", action="store_true", help="all texts, in any order")
    parser.add_argument("--prepared", type=Path, help="keep the models here, and take those there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work_dir:
        folder = options.prepared or Path(work_dir, "prepared")
        if not folder.is_dir():
            module = [sys.executable, "-m", "benchmarks.inference.models"]
            subprocess.run([*module, str(folder), str(options.data), options.size], check=True)
        workers = _start(folder, options.peer_python, BULK_SIDES if options.bulk else None)
        if not options.bulk:
            _check_answers(workers)
        sizes = [BULK_BATCH] if options.bulk else options.batch_sizes
        for batch_size in sizes:
            rows = BULK_ROWS if options.bulk else batch_size * BATCHES[batch_size]
            for _ in range(options.turns + 1):
                for worker in workers.values():
                    worker.measure(batch_size=batch_size, rows=rows, whole=options.bulk)
    for worker in workers.values():
        worker.close()
    _print(workers, sizes)


def _start(folder: Path, peer_python: str | None, sides: Sequence[str] | None) -> dict[str, Worker]:
    """Returns the sides by name, ready; all of them where `sides` is None."""
    commands = {
        f"ours-{precision}": [sys.executable, "-m", "benchmarks.inference.ours", precision]
        for precision in SAVED_MODELS
    }
    if peer_python:
        commands |= {
            name: [peer_python, "-m", "benchmarks.inference.peer", name]
            for names in PEERS.values()
            for name in names
        }
    return {
        name: Worker(name, [*command[:3], str(folder), command[3]])
        for name, command in commands.items()
        if sides is None or name in sides
    }


def _check_answers(workers: Mapping[str, Worker]) -> None:
    """Ends the benchmark where a side does not compute the same as ours in float32."""
    expected = workers["ours-float32"].ready["answers"]
    for name, worker in workers.items():
        found = worker.ready["answers"]
        gap = max(abs(one - other) for one, other in zip(found, expected, strict=True))
        tolerance = _TOLERANCES[name.rpartition("-")[2]]
        if gap > tolerance:
            raise SystemExit(f"{name} gives other answers: {gap:.2g} apart, {tolerance:g} allowed")


def _median(worker: Worker, batch_size: int) -> float:
    """Returns the milliseconds of a batch; the first turn of each size does not count."""
    turns = [turn["milliseconds"] for turn in worker.turns if turn["batch_size"] == batch_size]
    return statistics.median(turns[1:])


def _print(workers: Mapping[str, Worker], batch_sizes: Sequence[int]) -> None:
    table = Table(title="milliseconds a batch, text to label")
    for heading in ("", "versions", *(f"batch {size}" for size in batch_sizes)):
        table.add_column(heading)
    for name, worker in workers.items():
        times = [_median(worker, size) for size in batch_sizes]
        table.add_row(name, worker.ready["versions"], *(f"{time:.1f}" for time in times))
    for precision in SAVED_MODELS:
        if f"ours-{precision}" not in workers:
            continue
        peers = [workers[name] for name in PEERS[precision] if name in workers]
        if peers:
            ratios = [
                min(_median(peer, size) for peer in peers)
                / _median(workers[f"ours-{precision}"], size)
                for size in batch_sizes
            ]
            name = f"better peer / ours, {precision}"
            table.add_row(name, "", *(f"{ratio:.2f}" for ratio in ratios))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
