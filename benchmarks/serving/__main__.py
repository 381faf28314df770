"""The server: its overhead, its throughput with and without batching, hot swaps and memory.

    python -m benchmarks.serving                                 # all, some ten minutes
    python -m benchmarks.serving overhead
    python -m benchmarks.serving load --turns 2 --turn-seconds 10 --size albert-small

Server and clients are processes of their own. The load is clients of gRPC that send one text each,
the dev texts of SST-2, to a classifier of raw text with random weights. Both servers are up, and
are asked in turns; they differ in --enable_batching only.
Bars: 1.5 ms over in-process on gRPC, 2.5 ms on REST; batching doubles the requests a second, and no
request fails; 20 hot swaps under load fail none; memory after 50 swaps within 5 % of after 5.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.serving.load import BATCHING, compare, describe
from benchmarks.serving.models import read_texts, save_albert, save_trivial
from benchmarks.serving.processes import finish, make, run_clients, start_clients
from benchmarks.serving.servers import server

ROOT = Path(__file__).resolve().parents[2]
SST2 = ROOT.parent / "shared" / "data" / "sst2" / "dev.tsv"
THREADS = "--grpc_max_threads=32"
_SECONDS_A_SWAP = 6

Rows = Iterator[tuple[str, str, str]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the parts that are asked for and prints a table."""
    options = _parser().parse_args(arguments)
    table = Table("figure", "value", "bar")
    with tempfile.TemporaryDirectory() as name:
        for part in options.parts or MEASURES:
            folder = Path(name) / part
            folder.mkdir()
            for row in MEASURES[part](folder, options):
                table.add_row(*row)
    Console(width=120).print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*MEASURES, []], help="All, if none is named.")
    parser.add_argument("--size", default="albert-base-v2", help="Model of the load.")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--texts", type=Path, default=SST2, help="A row `text TAB label` a line.")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--turns", type=int, default=6, help="Turns of each server.")
    parser.add_argument("--turn-seconds", type=float, default=10.0)
    parser.add_argument("--batching", default=BATCHING, help="BatchingParameters, a text proto.")
    parser.add_argument(
        "--flags", default="", help="Further flags of both servers of the load, in one word."
    )
    parser.add_argument("--swaps", type=int, default=20)
    parser.add_argument("--memory-swaps", type=int, default=50)
    return parser


def overhead(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields the time that a request spends outside the graph."""
    del options
    model_base = folder / "model"
    make(save_trivial, model_base / "1")
    with server(model_base) as running:
        times = run_clients("overhead", running.port, running.rest_port, model_base / "1")
    yield "in process, p50", f"{times['in_process']:.2f} ms", ""
    for name, bar in (("grpc", 1.5), ("rest", 2.5)):
        extra = times[name] - times["in_process"]
        yield f"{name} over in process, p50", f"{extra:.2f} ms", f"bar {bar} ms"


def load(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields requests a second with batching off and on."""
    model_base, texts = _albert(folder, options.size, options)
    flags = (THREADS, *options.flags.split())
    off, on = compare(
        model_base,
        texts,
        [flags, (*flags, *_batching(folder, options))],
        options.clients,
        options.turns,
        options.turn_seconds,
    )
    name = f"{options.size} {options.precision}, {options.clients} clients"
    yield from describe(name, off, on)


def swaps(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields how many requests fail while versions are swapped under load."""
    model_base, texts = _albert(folder, options.size, options)
    with server(model_base, THREADS, *_batching(folder, options)) as running:
        seconds = _SECONDS_A_SWAP * options.swaps
        clients = start_clients("load", running.port, options.clients, seconds, texts)
        time.sleep(1)
        for version in range(2, options.swaps + 2):
            running.swap(version)
            if clients.poll() is not None:
                raise RuntimeError("the load ended before the last swap; swap less often")
        found = finish(clients)
    yield (
        f"{options.size}, {options.swaps} hot swaps under load",
        f"{len(found['errors'])} failed of {len(found['times'])}",
        "bar 0 failed",
    )


def memory(folder: Path, options: argparse.Namespace) -> Rows:
    """Yields the memory of the server after few and after many swaps."""
    model_base, _ = _albert(folder, "albert-small", options)
    after = {}
    with server(model_base) as running:
        for version in range(2, options.memory_swaps + 2):
            running.swap(version)
            running.ask_once()
            if version - 1 in (5, options.memory_swaps):
                time.sleep(2)  # the old version is unloaded after the new one is there
                after[version - 1] = running.memory_mib()
    for count, mib in after.items():
        growth = f"{100 * (mib / after[5] - 1):+.1f} %, bar 5 %" if count != 5 else ""
        yield f"memory after {count} swaps", f"{mib:.0f} MiB", growth


def _albert(folder: Path, size: str, options: argparse.Namespace) -> tuple[Path, Path]:
    """Writes version 1 of a model, and the texts to ask it; returns model base and file."""
    model_base, texts = folder / "model", folder / "texts.txt"
    texts.write_text("\n".join(read_texts(options.texts)) + "\n", "utf-8")
    make(save_albert, model_base / "1", size, texts, options.precision)
    return model_base, texts


def _batching(folder: Path, options: argparse.Namespace) -> tuple[str, ...]:
    file = folder / "batching.config"
    file.write_text(options.batching, "utf-8")
    return "--enable_batching", f"--batching_parameters_file={file}"


MEASURES = {"overhead": overhead, "load": load, "swaps": swaps, "memory": memory}

if __name__ == "__main__":
    main()
