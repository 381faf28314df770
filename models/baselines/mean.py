"""The baseline that does not read the text: it answers with the mean score of the training rows."""

from __future__ import annotations

import numpy as np

from models.baselines.base import Rows
from models.baselines.constant import Constant
from models.config import BaselinesConfig
from models.tasks.base import Task
from schemas.errors import UserError


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> Constant:
    """Adds up the scores.

    Raises:
      UserError: If there are no rows.
    """
    scores = [batch[task.label_key].numpy() for batch in rows]
    if not scores:
        raise UserError("a baseline needs rows; the training split has none; check the input files")
    mean = np.concatenate(scores).mean(dtype=np.float64)
    return Constant(np.array([mean]), task)
