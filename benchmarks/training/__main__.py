"""Training tokens a second of ALBERT beside transformers + PyTorch, and what a step needs.

    python -m benchmarks.training --peer-python PEER/bin/python  # both, in turns
    python -m benchmarks.training                                # ours alone
    python -m benchmarks.training --xxlarge                      # one step at 512 tokens in 24 GiB
    KERAS_BACKEND=jax python -m benchmarks.training --gpu --peer-python PEER/bin/python # on a GPU
    KERAS_BACKEND=jax python -m benchmarks.training --length 128 # without TensorFlow
    python -m benchmarks.training --size tiny --steps 2          # to try it out

PEER is a Python 3.11 environment with `pip install torch==2.13.0 transformers`. Without TensorFlow,
ours needs `pip install "jax[cuda13]" keras h5py pydantic rich tokenizers sentencepiece` and
`pip install --no-deps keras-hub==0.32.0`.

Both sides train the same rows in bf16, in batches of like lengths, with AdamW and clipping: those
of SST-2 with albert-base, or random ones of one length; `--gpu` takes xxlarge-v2 at 512 tokens,
then base at 128. Each side is a process of its own; they take turns with the same batches, after
one turn that is not counted, and share a GPU's memory: lower `--batch-size` where both do not fit.
Tokens are those of the rows, without padding. MFU is the share of the rate of one bf16 product of
4096-cubed matrices, the better of what the two sides' libraries reach in the same run; on a GPU
that of the data sheet stands beside it. Peak memory is that of the tensors on a GPU, else of the
process.
Bars: 1.3 times the peer's tokens a second, on a GPU 1.2; an MFU of 45 %, on a GPU 50 %; memory
within 20 % of the plan; xxlarge-v2 within 24 GiB.
"""

import argparse
import csv
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.training.planned import mean_length, planned_gib
from benchmarks.training.workload import GPU_ROWS, SIZES, Workload, flops_per_token, random_rows
from benchmarks.worker import ROOT, Worker
from models.plan.devices import device_of_driver

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
    parser.add_argument("--batch-size", type=int, help="32; on a GPU 16 of xxlarge, 128 of base")
    parser.add_argument("--steps", type=int, default=10, help="of one turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    parser.add_argument("--xxlarge", action="store_true", help="only the step of xxlarge-v2")
    parser.add_argument("--gpu", action="store_true", help="the two sizes that a GPU is judged by")
    options = parser.parse_args(arguments)
    # Both sides have a part of a GPU's memory; JAX would take three quarters of it at once.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if options.xxlarge:
        rows = random_rows(1, 512)
        _print_xxlarge(Workload("xxlarge", 1, 1, True, rows, limit_gib=MEMORY_LIMIT_GIB))
        return
    for workload in _workloads(options):
        _print_comparison(_compare(workload, options.peer_python, options.turns), workload)


def _workloads(options: argparse.Namespace) -> Iterator[Workload]:
    """Yields what the arguments ask to be trained."""
    cases = GPU_ROWS if options.gpu else ((options.size, options.length, 32),)
    for size, length, usual in cases:
        batch_size = options.batch_size or usual
        rows = (
            random_rows(batch_size * options.steps, length) if length else _text_rows(options.data)
        )
        yield Workload(size, batch_size, options.steps, options.checkpointing, rows)


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


def _compare(workload: Workload, peer_python: str | None, turns: int) -> list[Worker]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "workload.json")
        workload.write(path)
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
    product = max(worker.ready["product_flops"] for worker in workers)
    gpu = workers[0].ready["gpu"]
    device = device_of_driver(gpu)
    nominal = device.nominal_rate if device else 0.0
    table = Table(
        title=f"albert-{workload.size}, bf16, batch {workload.batch_size}, {gpu or 'CPU'}"
    )
    columns = ("", "versions", "tokens/s", "of each turn", "padding", "4096³ GFLOP/s", "MFU")
    for name in (*columns, *(["of data sheet"] if nominal else []), "peak GiB"):
        table.add_column(name)
    for worker in workers:
        table.add_row(*_cells(worker, workload, product, nominal))
    console = Console(width=150)
    console.print(table)
    if len(workers) > 1:
        ratio = _tokens_per_second(workers[0]) / _tokens_per_second(workers[1])
        console.print(f"ours / transformers: {ratio:.2f}")
    # XLA multiplies in float32 on a CPU, with copies that the plan does not know.
    if gpu or workers[0].ready["backend"] == "tensorflow":
        # Of attention that keeps no scores only a GPU has a kernel.
        planned = planned_gib(workload, is_gpu=bool(gpu), fused_attention=bool(gpu))
        peak = _peak_gib(workers[0])
        console.print(f"planned {planned:.2f} GiB / ours {peak:.2f} GiB: {planned / peak:.2f}")


def _cells(worker: Worker, workload: Workload, product: float, nominal: float) -> list[str]:
    """Returns the row of one side."""
    rate = _tokens_per_second(worker)
    reached = rate * flops_per_token(workload.size, mean_length(workload))
    padded = sum(turn["padded"] for turn in worker.turns)
    padding = 1.0 - sum(turn["tokens"] for turn in worker.turns) / padded
    return [
        worker.name,
        worker.ready["versions"],
        f"{rate:.0f}",
        " ".join(f"{turn['tokens'] / turn['seconds']:.0f}" for turn in worker.turns),
        f"{padding:.1%}",
        f"{worker.ready['product_flops'] / 1e9:.0f}",
        f"{reached / product:.0%}",
        *([f"{reached / nominal:.0%}"] if nominal else []),
        f"{_peak_gib(worker):.2f}",
    ]


def _tokens_per_second(worker: Worker) -> float:
    """Returns the median of its turns."""
    return statistics.median(turn["tokens"] / turn["seconds"] for turn in worker.turns)


def _peak_gib(worker: Worker) -> float:
    """Returns the highest of its turns."""
    return max(turn["peak_gib"] for turn in worker.turns)


def _print_xxlarge(workload: Workload) -> None:
    (worker,) = _compare(workload, None, turns=1)
    turn: Mapping[str, float] = worker.turns[0]
    Console().print(
        f"albert-xxlarge-v2, 1 row of 512 tokens, bf16, AdamW, gradient checkpointing: one step in "
        f"{turn['seconds']:.0f} s, {turn['peak_gib']:.1f} GiB at the peak of the process, which "
        f"was limited to {MEMORY_LIMIT_GIB} GiB"
    )


if __name__ == "__main__":
    main()
