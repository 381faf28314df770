"""A published model on labelled rows that came later, measured by TFMA as the gate does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from components.evaluation.thresholds import CANDIDATE
from components.ingest.config import IngestConfig
from components.ingest.formats import format_of
from components.ingest.sources import Sources, resolve_sources
from models.tasks import create_task
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError

_BATCH_SIZE = 64


class Score(BaseModel):
    """What a version is worth on some rows.

    Attributes:
      num_rows: Rows measured on.
      num_rejected: Rows that could not be used.
      metrics: Value by name; null where the rows cannot tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_rows: int
    num_rejected: int
    metrics: Mapping[str, float | None]


def score(
    model_dir: Path,
    pattern: str,
    config: IngestConfig,
    task_record: Mapping[str, Any],
    work_dir: Path,
) -> Score:
    """Measures a model on the labelled rows of files.

    Args:
      model_dir: Folder of the SavedModel.
      pattern: File or glob of labelled rows.
      config: The run's, for header, columns and longest text.
      task_record: The task section of the run config.
      work_dir: Empty folder for the examples and the files of TFMA.

    Raises:
      UserError: If the files cannot be used, or no row of them can.
    """
    task = create_task(task_record)
    reading, sources = _sources(pattern, config, task)
    num_rows, num_rejected = _ingest(sources, reading, task_record, work_dir)
    if not num_rows:
        raise UserError(
            f"labelled rows: none of the {num_rejected:,} rows of {pattern} can be used; give rows "
            "with the columns of `ingest` and the labels of the task"
        )
    metrics = _measure(model_dir, task, sources, work_dir)
    return Score(
        num_rows=num_rows,
        num_rejected=num_rejected,
        metrics={metric.name: metrics.get(metric.name) for metric in task.metrics()},
    )


def _sources(pattern: str, config: IngestConfig, task: Task) -> tuple[IngestConfig, Sources]:
    known = format_of(pattern, task.formats) is not None
    reading = config.reading(pattern).model_copy(
        # Given for eval too, or a part of the rows would go there.
        update={"eval": pattern, "format": "auto" if known else config.format}
    )
    try:
        return reading, resolve_sources(reading, task)
    except UserError as error:
        raise UserError(str(error).replace("ingest.train", "labelled rows")) from error


def _ingest(
    sources: Sources, config: IngestConfig, task_record: Mapping[str, Any], work_dir: Path
) -> tuple[int, int]:
    """Writes the rows as the eval split and returns how many were taken and rejected."""
    import apache_beam as beam

    from components.ingest.chunks import plan_chunks
    from components.ingest.executor import read_summary, write_counts
    from components.ingest.plan import IngestPlan
    from components.ingest.transform import IngestRows

    files = [file for file in sources.files if file.split == keys.EVAL]
    staging = work_dir / "staging"
    staging.mkdir()
    plan = IngestPlan(
        config, task_record, tuple(plan_chunks(files)), str(work_dir / "examples"), str(staging)
    )
    with beam.Pipeline() as pipeline:
        _ = (
            pipeline
            | "Ingest" >> IngestRows(plan)
            | "WriteCounts"
            >> beam.Map(write_counts, splits=plan.splits, span=0, quarantine_uri=str(work_dir))
        )
    summary = read_summary(str(work_dir))
    if summary.failures:
        raise UserError("; ".join(summary.failures))
    return summary.accepted[keys.EVAL], summary.num_rejected


def _measure(model_dir: Path, task: Task, sources: Sources, work_dir: Path) -> Mapping[str, float]:
    """Returns the metrics over all rows."""
    import apache_beam as beam
    from tfx.types import standard_artifacts

    from components.evaluation.analysis import Analyze, ReadSplit, make_eval_config, models_freed
    from components.evaluation.measurements import OVERALL, read_measurements
    from components.ingest.executor import describe_examples

    examples = standard_artifacts.Examples()
    examples.uri = os.path.join(work_dir, "examples")
    describe_examples(examples, [keys.EVAL], sources)
    results = os.path.join(work_dir, "analysis")
    eval_config = make_eval_config(task, [CANDIDATE], ())
    with models_freed(), beam.Pipeline() as pipeline:
        _ = (
            pipeline
            | "ReadSplit" >> ReadSplit([examples], keys.EVAL, batch_size=_BATCH_SIZE)
            | "Analyze" >> Analyze({CANDIDATE: model_dir}, eval_config, results)
        )
    return read_measurements(results).values[CANDIDATE][OVERALL]
