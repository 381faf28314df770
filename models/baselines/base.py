"""What a baseline is, and the rows that it is fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf

from models.config import BaselinesConfig
from models.raw_features import example_spec
from models.tasks.base import Task
from schemas.errors import UserError

Rows = Iterator[dict[str, Any]]
"""Batches of rows: the raw features of a request and those of `task.target_spec()`, by name."""

_BATCH_SIZE = 1024


class Baseline(Protocol):
    """A fitted baseline, a tf.Module that holds its variables and tables."""

    def __call__(self, features: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
        """Returns the task's served answers, each with the batch dimension first.

        Args:
          features: Raw features of a request by name, string `(batch,)`, lists ragged
            `(batch, None)`.
        """
        ...


class Fit(Protocol):
    """How a baseline is made; every baseline's module has one as `fit`."""

    def __call__(self, rows: Rows, task: Task, config: BaselinesConfig) -> Baseline:
        """Returns the baseline, after one pass over the rows of the training split."""
        ...


def read_rows(patterns: Sequence[str], task: Task) -> Rows:
    """Reads raw examples, one batch at a time.

    Args:
      patterns: Globs of gzipped TFRecords of tf.Example.
      task: Says which features to read.

    Raises:
      UserError: If there is no file.
    """
    files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
    if not files:
        raise UserError(
            f"a split must have files; nothing matches {list(patterns)}; ingest the data again"
        )
    spec = example_spec(task.serving_inputs()) | task.target_spec()
    for serialized in tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH_SIZE):
        yield tf.io.parse_example(serialized, spec)
