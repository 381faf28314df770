"""Bulk inference from files to one file of answers, which is whole or not there."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.inference.plan import BATCH_SIZE, InferencePlan, plan_inference
from components.ingest.config import IngestConfig
from components.ingest.summary import Counts
from schemas.errors import UserError

REJECTED_ENDING = ".rejected.jsonl"
_COUNTS_FILE = "counts"


def infer(
    pattern: str,
    output: Path,
    config: IngestConfig,
    task_record: Mapping[str, Any],
    *,
    model_dir: Path,
    batch_size: int = BATCH_SIZE,
) -> Counts:
    """Writes a model's answer to every row of files, as JSON Lines in the order of the rows.

    Each line has the row's `id`, `file:line`, and the served outputs. Rows that cannot be used are
    in `<output>.rejected.jsonl` with file, line and reason; without such a row there is no file.

    Args:
      pattern: File or glob.
      output: Local file; one that is there is replaced when all is answered.
      config: The run's, for header, columns and longest text.
      task_record: The task section of the run config.
      model_dir: Folder of the SavedModel.
      batch_size: Rows that the model answers at once.

    Returns:
      The counts of the rows.

    Raises:
      UserError: If the input cannot be read to its end, or the output cannot be written; what was
        at `output` before is still there.
      AlbertTfxError: If the model cannot be served, or fails.
    """
    with _staging(output) as staging_dir:
        plan = plan_inference(
            pattern,
            config,
            task_record,
            model_dir=model_dir,
            staging_dir=staging_dir,
            batch_size=batch_size,
        )
        counts = _run(plan)
        if counts.failures:
            raise UserError("; ".join(counts.failures))
        chunks = range(len(plan.chunks))
        rejected = output.with_name(output.name + REJECTED_ENDING)
        _join(map(plan.rejected_path, chunks), staging_dir / rejected.name)
        _join(map(plan.answers_path, chunks), staging_dir / output.name)
        if counts.rejected:
            os.replace(staging_dir / rejected.name, rejected)
        else:
            rejected.unlink(missing_ok=True)  # of an earlier output
        os.replace(staging_dir / output.name, output)
    return counts


@contextmanager
def _staging(output: Path) -> Iterator[Path]:
    """Yields a folder beside `output`, and takes it away again."""
    if output.is_dir():
        raise UserError(f"the output must be a file; received the folder {output}; name a file")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".infer-", dir=output.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise UserError(
            f"inference stopped ({error}); what was at {output} is as it was; free space, mend "
            "permissions, or choose another file"
        ) from error


def _run(plan: InferencePlan) -> Counts:
    """Runs the Beam pipeline."""
    import apache_beam as beam

    from components.inference.transform import AnswerRows

    counts_path = plan.staging_dir / _COUNTS_FILE
    with beam.Pipeline() as pipeline:
        _ = (
            pipeline
            | "Answer" >> AnswerRows(plan)
            | "WriteCounts" >> beam.Map(write_counts, str(counts_path))
        )
    return pickle.loads(counts_path.read_bytes())


def write_counts(counts: Counts, path: str) -> None:
    """Writes the counts of all rows where `infer` reads them."""
    Path(path).write_bytes(pickle.dumps(counts))


def _join(parts: Iterable[str], target: Path) -> None:
    with target.open("wb") as joined:
        for part in parts:
            with open(part, "rb") as stream:
                shutil.copyfileobj(stream, joined)
