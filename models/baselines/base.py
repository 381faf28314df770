"""What a baseline is, and the rows that it is fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from models.config import BaselinesConfig
from models.tasks.base import Task
from schemas.errors import UserError

Rows = Iterator[tuple[dict[str, tf.Tensor], np.ndarray]]
"""Batches of rows: the raw features of a request, string `(batch,)`, and the target, `(batch,)`."""

_BATCH_SIZE = 1024


class Baseline(Protocol):
    """A fitted baseline, a tf.Module that holds its variables and tables."""

    def __call__(self, features: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Returns what `task.decode` takes, float32 `(batch, ...)`.

        Args:
          features: Raw features of a request, string `(batch,)` by name.
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
      task: Gives the features to read, and the target.

    Raises:
      UserError: If there is no file.
    """
    files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
    if not files:
        raise UserError(
            f"a split must have files; nothing matches {list(patterns)}; ingest the data again"
        )
    inputs = task.serving_inputs()
    spec: dict[str, Any] = {
        name: tf.io.FixedLenFeature([], spec.dtype) for name, spec in inputs.items()
    }
    spec[task.label_key] = tf.io.FixedLenFeature([], tf.int64)
    batches = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH_SIZE)
    for serialized in batches:
        features: dict[str, Any] = tf.io.parse_example(serialized, spec)
        (target,) = task.targets(features).values()
        yield {name: features[name] for name in inputs}, target.numpy()
