"""The baseline that does not read the text: it answers with the frequency of each label."""

from __future__ import annotations

import numpy as np

from models.baselines.base import Rows
from models.baselines.constant import Constant
from models.config import BaselinesConfig
from models.tasks.base import Task
from schemas.errors import UserError


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> Constant:
    """Counts the rows that have each label.

    Raises:
      UserError: If there are no rows.
    """
    vectors = [batch[task.label_key].numpy() for batch in rows]
    if not vectors:
        raise UserError("a baseline needs rows; the training split has none; check the input files")
    shares = np.concatenate(vectors).mean(axis=0, dtype=np.float64)
    with np.errstate(divide="ignore"):  # a label that no row has, or every row
        return Constant(np.log(shares) - np.log(1 - shares), task)
