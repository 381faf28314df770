"""Planned against measured: peak memory and seconds of real training steps.

    python -m benchmarks.plan

Each case trains in a process of its own, as the Trainer would: the task's model, `fit`, AdamW, rows
of one length. Memory is the peak resident size; seconds are the median step after the first three.
The plan takes the machine's rates from two seconds of measurement, as `albert-tfx plan` does; it
comes after the training, whose peak it would otherwise raise. Bar: within a fifth, both.
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from models.config import ModelConfig
from models.plan.lengths import Lengths
from models.plan.memory import StepSetup, step_memory
from models.plan.shape import model_shape
from models.plan.speed import step_time

VOCABULARY = 30_000
STEPS = 6
_MIB = 1 << 20
_BAR = 0.2


@dataclass(frozen=True)
class Case:
    """One way to train.

    Attributes:
      size: A name of models.presets.
      rows: Of a step.
      length: Tokens of a row.
      precision: Keras policy.
      checkpointing: Whether layers are computed again in the backward pass.
    """

    size: str
    rows: int
    length: int
    precision: str
    checkpointing: bool = False


CASES = (
    Case("albert-tiny", 8, 32, "float32"),
    Case("albert-small", 32, 64, "float32"),
    Case("albert-small", 32, 64, "mixed_bfloat16"),
    Case("albert-base-v2", 8, 128, "float32"),
    Case("albert-base-v2", 8, 128, "float32", checkpointing=True),
    Case("albert-base-v2", 16, 128, "mixed_bfloat16"),
    Case("albert-base-v2", 16, 128, "mixed_bfloat16", checkpointing=True),
    Case("albert-base-v2", 32, 64, "mixed_bfloat16"),
    Case("albert-base-v2", 2, 512, "mixed_bfloat16"),
    Case("albert-large-v2", 4, 128, "mixed_bfloat16"),
    Case("albert-xlarge-v2", 1, 64, "mixed_bfloat16"),
)


@dataclass(frozen=True)
class Result:
    """Planned and measured figures of one case."""

    planned_mib: float
    measured_mib: float
    planned_seconds: float
    measured_seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures every case and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cases", type=int, nargs="+", default=list(range(len(CASES))))
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        sys.stdout.write("\n" + json.dumps(asdict(measure(CASES[options.child]))))
        return
    results = {CASES[index]: _in_new_process(index) for index in options.cases}
    Console(width=130).print(table(results))


def _in_new_process(index: int) -> Result:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.plan", "--child", str(index)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def measure(case: Case) -> Result:
    """Trains a case, then plans it."""
    from models.plan.this_machine import measure_this_machine

    config = ModelConfig(size=case.size, max_length=case.length)
    seconds = _train(config, case)
    measured_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shape = model_shape(config, vocabulary_size=VOCABULARY, num_outputs=2, first_token_only=True)
    device = measure_this_machine(shape, requested=case.precision, tokens=case.rows * case.length)
    planned = step_time(
        shape,
        Lengths(case.length, case.length**2, case.length),
        case.rows,
        device,
        precision=case.precision,
        checkpointing=case.checkpointing,
    )
    memory = step_memory(
        shape, StepSetup(case.rows, case.length, case.precision, checkpointing=case.checkpointing)
    )
    return Result(
        planned_mib=memory.total / _MIB,
        measured_mib=measured_kib / 1024,
        planned_seconds=planned.total,
        measured_seconds=seconds,
    )


def _train(config: ModelConfig, case: Case) -> float:
    """Trains some steps and returns the median seconds of those after the first three."""
    import keras
    import numpy as np
    import tensorflow as tf

    from models.backbone import create_backbone
    from models.optimizers.create import create_optimizer
    from models.tasks import create_task

    task = create_task({"name": "classification", "labels": ["0", "1"]})
    backbone = create_backbone(
        config, VOCABULARY, dtype=case.precision, gradient_checkpointing=case.checkpointing
    )
    model = task.build_model(backbone, dropout=0.1, seed=0)
    optimizer = create_optimizer(1e-5, weight_decay=0.01, clip_norm=1.0)
    model.compile(optimizer, loss=task.loss(), jit_compile=False)
    draw = np.random.default_rng(0)
    shape = (case.rows, case.length)
    inputs = {
        "token_ids": draw.integers(5, VOCABULARY, shape).astype("int32"),
        "segment_ids": np.zeros(shape, "int32"),
        "padding_mask": np.ones(shape, "int32"),
    }
    batches = tf.data.Dataset.from_tensors((inputs, draw.integers(0, 2, case.rows))).repeat(STEPS)
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )
    model.fit(batches, verbose=0, callbacks=[clock])
    taken = [later - earlier for earlier, later in itertools.pairwise(ends)]
    return statistics.median(taken[2:])


def table(results: dict[Case, Result]) -> Table:
    """Returns the figures side by side."""
    shown = Table(title="Planned and measured", title_justify="left")
    for column in ("size", "rows", "length", "precision", "checkpointing"):
        shown.add_column(column)
    for column in ("MiB planned", "measured", "ratio", "ms planned", "measured", "ratio"):
        shown.add_column(column, justify="right")
    for case, result in results.items():
        pairs = (
            (result.planned_mib, result.measured_mib),
            (1e3 * result.planned_seconds, 1e3 * result.measured_seconds),
        )
        cells = [cell for pair in pairs for cell in _cells(*pair)]
        checkpointing = "yes" if case.checkpointing else ""
        shown.add_row(
            case.size, str(case.rows), str(case.length), case.precision, checkpointing, *cells
        )
    return shown


def _cells(planned: float, measured: float) -> tuple[str, str, str]:
    ratio = planned / measured
    color = "green" if abs(ratio - 1.0) <= _BAR else "red"
    return f"{planned:,.0f}", f"{measured:,.0f}", f"[{color}]{ratio:.2f}[/]"


if __name__ == "__main__":
    main()
