"""What the workers of bulk inference need to know, and where they write."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.ingest.chunks import plan_chunks
from components.ingest.config import IngestConfig
from components.ingest.formats import format_of
from components.ingest.formats.base import Chunk
from components.ingest.sources import resolve_sources
from models.tasks import create_task
from models.tasks.base import Task
from schemas.errors import UserError

BATCH_SIZE = 32

INPUT = "input"
"""What rows are called that belong to no split of the training data."""


@dataclass(frozen=True)
class InferencePlan:
    """What the workers need to know.

    Attributes:
      task: The task section of the run config.
      config: How the input is read.
      chunks: Everything to read.
      model_dir: Folder of the SavedModel.
      staging_dir: Folder for what is not complete.
      batch_size: Rows that the model answers at once.
    """

    task: Mapping[str, Any]
    config: IngestConfig
    chunks: tuple[Chunk, ...]
    model_dir: Path
    staging_dir: Path
    batch_size: int

    def answers_path(self, chunk: int) -> str:
        """Where the answers of a chunk stand."""
        return os.path.join(self.staging_dir, f"answers-{chunk:05d}.jsonl")

    def rejected_path(self, chunk: int) -> str:
        """Where the rejected rows of a chunk stand."""
        return os.path.join(self.staging_dir, f"rejected-{chunk:05d}.jsonl")


def without_targets(task: Task) -> Task:
    """Returns the task as it reads rows that nothing is learned from: what a request has, no more.

    A label in the file is not looked at, and so cannot be wrong.
    """
    roles = task.request_columns
    required = tuple(role for role in task.required_columns if role in roles)
    fields = {"columns": roles, "required_columns": required}
    return type(type(task).__name__, (type(task),), fields)(task.options)


def plan_inference(
    pattern: str,
    config: IngestConfig,
    task_record: Mapping[str, Any],
    *,
    model_dir: Path,
    staging_dir: Path,
    batch_size: int = BATCH_SIZE,
) -> InferencePlan:
    """Finds the input files and cuts them into chunks.

    Args:
      pattern: File or glob, which takes the place of the config's own files.
      config: The run's, for header, columns and longest text.
      task_record: The task section of the run config.
      model_dir: Folder of the SavedModel.
      staging_dir: Existing folder for what is not complete.
      batch_size: Rows that the model answers at once.

    Raises:
      UserError: If a file is missing, empty, of unknown ending, or without a needed column.
    """
    task = without_targets(create_task(task_record))
    reading = config.reading(pattern).model_copy(
        update={
            "format": _format(pattern, config, task),
            "passage_length": None,  # what is asked on a line is answered on a line
            "columns": {
                role: column for role, column in config.columns.items() if role in task.columns
            },
        }
    )
    try:
        sources = resolve_sources(reading, task)
    except UserError as error:
        raise UserError(str(error).replace("ingest.train", "input")) from error
    files = [file.model_copy(update={"split": INPUT}) for file in sources.files]
    chunks = tuple(plan_chunks(files))
    return InferencePlan(task_record, reading, chunks, model_dir, staging_dir, batch_size)


def _format(pattern: str, config: IngestConfig, task: Task) -> str:
    """Returns the config's format for files that end as its own do, or end in no known way."""
    is_claimed = format_of(pattern, task.formats) is not None
    if config.format == "auto" or not is_claimed:
        return config.format
    return config.format if format_of(pattern, (config.format,)) else "auto"
