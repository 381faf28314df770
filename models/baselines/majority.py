"""The baseline that does not read the text: it answers with the frequencies of the labels."""

from __future__ import annotations

import numpy as np

from models.baselines.base import Rows
from models.baselines.constant import Constant
from models.config import BaselinesConfig
from models.tasks.base import Task
from schemas.errors import UserError


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> Constant:
    """Counts the labels.

    Raises:
      UserError: If there are no rows.
    """
    counts = np.zeros(len(task.labels), np.int64)
    for batch in rows:
        counts += np.bincount(batch[task.label_key].numpy(), minlength=len(counts))
    if not counts.any():
        raise UserError("a baseline needs rows; the training split has none; check the input files")
    with np.errstate(divide="ignore"):  # a label without rows has probability 0
        return Constant(np.log(counts / counts.sum()), task)
