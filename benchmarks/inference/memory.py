"""Rows a second and peak memory of bulk inference, `albert-tfx infer`, by number of rows.

    python -m benchmarks.inference.memory                      # 2,000 and 20,000 rows
    python -m benchmarks.inference.memory --rows 20000 200000  # minutes

Each size is answered in a process of its own, from a file to a file, by an albert-tiny with random
weights; the rows are those of `benchmarks.ingest`. Memory is the peak resident size, TensorFlow
included. Bar: for ten times the rows it grows by no more than 1.2 times.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.ingest import TASK, sentences

MODEL_FOLDER = "model"
_PIECES = 500
_VOCABULARY_ROWS = 2_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures every size and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.prepare:
        prepare(options.prepare)
    elif options.answer:
        sys.stdout.write("\n" + json.dumps(answer(options.answer)))
    else:
        table = Table(title="Bulk inference", title_justify="left")
        for column in ("rows", "rows/s", "peak MiB"):
            table.add_column(column, justify="right")
        with tempfile.TemporaryDirectory() as name:
            _in_new_process("--prepare", name)
            for rows in sorted(options.rows):
                seconds, peak_mib = _measured(Path(name), rows)
                table.add_row(f"{rows:,}", f"{rows / seconds:,.0f}", f"{peak_mib:,.0f}")
        Console(width=120).print(table)


def _measured(folder: Path, num_rows: int) -> tuple[float, float]:
    """Returns seconds and peak MiB of so many rows."""
    with (folder / "rows.tsv").open("w") as stream:
        stream.write("text\tlabel\n")
        stream.writelines(sentences(num_rows))
    told = json.loads(_in_new_process("--answer", str(folder)).splitlines()[-1])
    if told["answered"] != num_rows:
        raise SystemExit(f"{told['answered']} of {num_rows} rows were answered")
    return told["seconds"], told["peak_mib"]


def _in_new_process(*arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.inference.memory", *arguments]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        command,
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout


def prepare(folder: Path) -> None:
    """Writes the SavedModel."""
    from models.candidate import Candidate
    from models.config import ModelConfig, VocabularyConfig
    from models.export import export_saved_model
    from models.tasks import create_task
    from models.tokenizer import AlbertTokenizer
    from models.vocabulary import train_vocabulary
    from schemas.model_info import ModelInfo

    rows = sentences(_VOCABULARY_ROWS)
    tokenizer = AlbertTokenizer(train_vocabulary(rows, VocabularyConfig(size=_PIECES)))
    task, config = create_task(TASK), ModelConfig(size="albert-tiny", max_length=64)
    candidate = Candidate.build(task, config, tokenizer, seed=0, precision="float32")
    info = ModelInfo(
        name="albert-tiny", task=task.name, labels=task.labels, max_length=config.max_length
    )
    export_saved_model(str(folder / MODEL_FOLDER), task, candidate.predict_function(), info)


def answer(folder: Path) -> dict[str, float]:
    """Answers `rows.tsv` of a folder; returns the number of rows, seconds and peak memory."""
    from components.inference.run import infer
    from components.ingest.config import IngestConfig

    source = str(folder / "rows.tsv")
    start = time.monotonic()
    counts = infer(
        source,
        folder / "answers.jsonl",
        IngestConfig(train=source),
        TASK,
        model_dir=folder / MODEL_FOLDER,
    )
    return {
        "answered": counts.accepted.total(),
        "seconds": time.monotonic() - start,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
