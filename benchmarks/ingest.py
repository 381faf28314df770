"""Rows a second and peak memory of ingest, statistics and transform, by number of rows.

    python -m benchmarks.ingest                     # 10,000 and 100,000 rows
    python -m benchmarks.ingest --rows 100000 1000000

Each size runs in a process of its own, as `albert-tfx run` would: TFX nodes, one Beam worker,
SQLite metadata. The rows are sentences as long as those of SST-2 (19 words in the mean), no two
the same.
Bar: from 100,000 to 1,000,000 rows, peak memory grows by no more than 1.5 times.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

TASK = {"name": "classification", "labels": ["negative", "positive"]}
STEPS = ("Ingest", "StatisticsGen", "TextTransform")
_WORDS = (  # noqa: SIM905 - a list of 60 lines says no more
    "a an the this that of to and but with without never always film movie story plot cast scene "
    "script actor director comedy drama thriller romance music ending audience feels looks sounds "
    "becomes remains seems makes finds loses lacks offers good bad fine dull bright warm cold deep "
    "shallow funny touching boring gripping clever silly honest fake fresh stale moving empty rich"
).split()
_MIB = 1 << 20


@dataclass(frozen=True)
class Measurement:
    """One step at one size.

    Attributes:
      step: Id of the node.
      seconds: Wall time.
      peak_mib: Highest memory of the process up to the end of the step.
    """

    step: str
    seconds: float
    peak_mib: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures every size and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        measured = [asdict(measurement) for measurement in measure(options.child)]
        (options.child / "measured.json").write_text(json.dumps(measured))
        return
    results = {rows: _in_new_process(rows) for rows in sorted(options.rows)}
    Console(width=120).print(table(results))


def _in_new_process(num_rows: int) -> list[Measurement]:
    """Makes the data and measures in a process that has done nothing before."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "train.tsv").open("w") as stream:
            stream.write("text\tlabel\n")
            stream.writelines(sentences(num_rows))
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest", "--child", name]
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
        measured = json.loads((folder / "measured.json").read_text())
    return [Measurement(**measurement) for measurement in measured]


def sentences(num_rows: int) -> Iterator[str]:
    """Yields rows of text and label; each text holds its number, so that no two are the same."""
    source = random.Random(20)
    for number in range(num_rows):
        words = source.choices(_WORDS, k=max(2, min(52, round(source.gauss(19, 9)))))
        yield f"{' '.join(words)} {number}\t{source.choice(TASK['labels'])}\n"


def measure(folder: Path) -> list[Measurement]:
    """Runs the three steps on `folder`/train.tsv."""
    from pipeline.runner import ObservedLocalDagRunner

    observer = _Observer()
    ObservedLocalDagRunner("benchmark", observer).run(_pipeline(folder))
    return observer.measured


class _Observer:
    """Notes time and memory at the end of each step."""

    def __init__(self) -> None:
        self.measured: list[Measurement] = []
        self._start = 0.0

    def started(self, name: str) -> None:
        """Notes the time."""
        del name
        self._start = time.monotonic()

    def ended(self, step: object) -> None:
        """Notes the step."""
        name = getattr(step, "name", "")
        if name in STEPS:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MIB
            self.measured.append(Measurement(name, time.monotonic() - self._start, peak))


def _pipeline(folder: Path):  # noqa: ANN202 - TFX is imported with the process that measures
    from tfx.components import StatisticsGen
    from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
    from tfx.orchestration import metadata
    from tfx.orchestration.pipeline import Pipeline

    from components.ingest.component import Ingest
    from components.ingest.config import IngestConfig
    from components.ingest.sources import resolve_sources
    from components.transform.component import TextTransform
    from components.validation.config import ValidationConfig
    from components.validation.schema import write_schema
    from components.validation.statistics import statistics_options
    from components.vocabulary.component import VocabularyTrainer
    from models.config import VocabularyConfig
    from models.tasks import create_task

    config, task = IngestConfig(train=str(folder / "train.tsv")), create_task(TASK)
    sources = resolve_sources(config, task)
    ingest = Ingest(sources=sources, config=config, task=TASK, code_version="")
    examples = ingest.outputs["examples"]
    statistics = StatisticsGen(examples=examples, stats_options=statistics_options())
    schema_file = write_schema(ValidationConfig(), task, config, folder / "schemas")
    schema = ImportSchemaGen(schema_file=str(schema_file))
    vocabulary = VocabularyTrainer(
        examples=examples,
        config=VocabularyConfig(model=str(_vocabulary(folder))),
        task=TASK,
        code_version="",
    )
    transform = TextTransform(
        examples=examples,
        schema=schema.outputs["schema"],
        vocabulary=vocabulary.outputs["vocabulary"],
        task=TASK,
        max_length=128,
        code_version="",
    )
    connection = metadata.sqlite_metadata_connection_config(str(folder / "metadata.sqlite"))
    return Pipeline(
        pipeline_name="benchmark",
        pipeline_root=str(folder / "pipeline"),
        metadata_connection_config=connection,
        components=[ingest, statistics, schema, vocabulary, transform],
    )


def _vocabulary(folder: Path) -> Path:
    """Trains a vocabulary on some sentences, outside of what is measured."""
    from models.config import VocabularyConfig
    from models.vocabulary import train_vocabulary

    path = folder / "spiece.model"
    path.write_bytes(train_vocabulary(sentences(2_000), VocabularyConfig(size=500)))
    return path


def table(results: dict[int, list[Measurement]]) -> Table:
    """Lays out the measurements, with the growth of memory from size to size."""
    made = Table(title="Time of each step and peak memory so far; one Beam worker", box=None)
    steps = [f"{step}: s, MiB" for step in STEPS]
    for column in ("rows", *steps, "seconds", "rows/s", "peak MiB", "growth"):
        made.add_column(column, justify="right", no_wrap=True)
    before = 0.0
    for rows, measured in results.items():
        by_step = {measurement.step: measurement for measurement in measured}
        seconds = sum(measurement.seconds for measurement in measured)
        peak = max(measurement.peak_mib for measurement in measured)
        made.add_row(
            f"{rows:,}",
            *(f"{by_step[step].seconds:.1f}, {by_step[step].peak_mib:,.0f}" for step in STEPS),
            f"{seconds:.1f}",
            f"{rows / seconds:,.0f}",
            f"{peak:,.0f}",
            f"{peak / before:.2f}x" if before else "",
        )
        before = peak
    return made


if __name__ == "__main__":
    main()
