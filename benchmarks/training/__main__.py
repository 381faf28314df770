"""Training tokens a second of albert-base beside transformers + PyTorch, on lengths of SST-2.

    python -m benchmarks.training --peer-python PEER/bin/python  # both, in turns
    python -m benchmarks.training                                # ours alone
    python -m benchmarks.training --xxlarge                      # one step at 512 tokens in 24 GiB
    KERAS_BACKEND=jax python -m benchmarks.training --length 128 # without TensorFlow
    python -m benchmarks.training --size tiny --steps 2          # to try it out

PEER is a Python 3.11 environment with `pip install torch==2.13.0 transformers`.

Both sides train the same rows in bf16, in batches of 32 of like lengths, with AdamW and clipping.
Each is a process of its own; they take turns with the same batches, after one turn that is not
counted. Tokens are those of the rows, without padding. MFU is the share of the rate of one bf16
product of 4096-cubed matrices, the better of what the two sides' libraries reach in the same run.
Bars: 1.3 times the peer's tokens a second; an MFU of 45 %; xxlarge-v2 within 24 GiB.
"""

import argparse
import csv
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.training.workload import SIZES, Workload, flops_per_token, random_rows
from benchmarks.worker import ROOT, Worker

SST2 = ROOT.parent / "shared" / "data" / "sst2" / "train.tsv"
MAX_LENGTH = 128
PIECES = 8_000
MEMORY_LIMIT_GIB = 24


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the arguments name, and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--peer-python", help="interpreter with PyTorch and transformers")
    parser.add_argument("--data", type=Path, default=SST2, help="tab-separated text and label")
    parser.add_argument("--length", type=int, help="random rows of this length instead of data")
    parser.add_argument("--size", choices=tuple(SIZES), default="base")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10, help="of one turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    parser.add_argument("--xxlarge", action="store_true", help="only the step of xxlarge-v2")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "workload.json")
        if options.xxlarge:
            rows = random_rows(1, 512)
            Workload("xxlarge", 1, 1, True, rows, limit_gib=MEMORY_LIMIT_GIB).write(path)
            _print_xxlarge(path)
            return
        rows = (
            random_rows(options.batch_size * options.steps, options.length)
            if options.length
            else _text_rows(options.data)
        )
        workload = Workload(
            options.size, options.batch_size, options.steps, options.checkpointing, rows
        )
        workload.write(path)
        _print_comparison(_compare(path, options.peer_python, options.turns), workload)


def _text_rows(data: Path) -> list[tuple[list[int], int]]:
    """Returns the rows of a file as ids of a SentencePiece vocabulary that is trained on it."""
    import sentencepiece

    if not data.is_file():
        raise SystemExit(f"--data must be a file; received {data}; give one, or --length")
    with data.open(encoding="utf-8", newline="") as lines:
        texts = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "pieces")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text for text, _ in texts),
            model_prefix=prefix,
            vocab_size=PIECES,
            minloglevel=2,
        )
        pieces = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")
    return [([2, *pieces.encode(text)[: MAX_LENGTH - 2], 3], int(label)) for text, label in texts]


def _compare(path: Path, peer_python: str | None, turns: int) -> list[Worker]:
    workers = [Worker("ours", [sys.executable, "-m", "benchmarks.training.ours", str(path)])]
    if peer_python:
        command = [peer_python, "-m", "benchmarks.training.peer", str(path)]
        workers.append(Worker("transformers", command))
    for _ in range(turns):
        for worker in workers:
            worker.measure()
    for worker in workers:
        worker.close()
    return workers


def _print_comparison(workers: Sequence[Worker], workload: Workload) -> None:
    lengths = [len(ids) for ids, _ in workload.rows]
    flops = flops_per_token(workload.size, statistics.mean(lengths))
    product = max(worker.ready["product_flops"] for worker in workers)
    table = Table(title=f"albert-{workload.size}, bf16, batch {workload.batch_size}")
    for name in ("", "versions", "tokens/s", "of each turn", "padding", "4096³ GFLOP/s", "MFU"):
        table.add_column(name)
    for worker in workers:
        rates = [turn["tokens"] / turn["seconds"] for turn in worker.turns]
        padded = sum(turn["padded"] for turn in worker.turns)
        padding = 1.0 - sum(turn["tokens"] for turn in worker.turns) / padded
        table.add_row(
            worker.name,
            worker.ready["versions"],
            f"{_tokens_per_second(worker):.0f}",
            " ".join(f"{rate:.0f}" for rate in rates),
            f"{padding:.1%}",
            f"{worker.ready['product_flops'] / 1e9:.0f}",
            f"{_tokens_per_second(worker) * flops / product:.0%}",
        )
    console = Console(width=140)
    console.print(table)
    if len(workers) > 1:
        ratio = _tokens_per_second(workers[0]) / _tokens_per_second(workers[1])
        console.print(f"ours / transformers: {ratio:.2f}")


def _tokens_per_second(worker: Worker) -> float:
    """Returns the median of its turns."""
    return statistics.median(turn["tokens"] / turn["seconds"] for turn in worker.turns)


def _print_xxlarge(path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.training.ours", str(path)]
    worker = Worker("xxlarge", command)
    worker.measure()
    worker.close()
    turn: Mapping[str, float] = worker.turns[0]
    Console().print(
        f"albert-xxlarge-v2, 1 row of 512 tokens, bf16, AdamW, gradient checkpointing: one step in "
        f"{turn['seconds']:.0f} s, {turn['peak_gib']:.1f} GiB at the peak of the process, which "
        f"was limited to {MEMORY_LIMIT_GIB} GiB"
    )


if __name__ == "__main__":
    main()
