"""A row of a file becomes what a model is asked, or a rejection."""

from typing import NamedTuple

from components.ingest.config import IngestConfig
from components.ingest.encode import row_problem, serialize_example
from components.ingest.formats.base import Rejection, Row, SourceFile, reject
from models.tasks.base import RowError, Task


class AskedRow(NamedTuple):
    """A row that can be asked about.

    Attributes:
      id: File and place in it.
      example: Serialized tf.Example.
    """

    id: str
    example: bytes


def encode_request(
    row: Row, file: SourceFile, config: IngestConfig, task: Task
) -> AskedRow | Rejection:
    """Returns what a model is asked of a row, or why it cannot be asked.

    Args:
      row: As the file's format reads it.
      file: The file.
      config: Longest text.
      task: As `without_targets` returns it.
    """
    problem = row_problem(row, task, max_length=config.max_text_length)
    if problem is not None:
        return problem._replace(id=row.id)
    try:
        features = task.encode_request(row.values)
    except RowError as error:
        return reject(row.line, error.reason, str(error), row.raw)._replace(id=row.id)
    return AskedRow(f"{file.name}:{row.place}", serialize_example(features))
