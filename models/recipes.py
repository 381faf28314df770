"""Fine-tuning recipes of the ALBERT paper (standard library only)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RecipeName = Literal[
    "cola", "stsb", "sst2", "mnli", "qnli", "qqp", "rte", "mrpc", "squad1", "squad2", "race"
]
OptimizerName = Literal["adamw", "lamb"]


@dataclass(frozen=True)
class Recipe:
    """Fine-tuning defaults of a task; what the `train` section says goes first.

    Attributes:
      learning_rate: Peak rate.
      batch_size: Rows of an update.
      epochs: Passes over the training split.
      steps: Updates; unset: as many as `epochs` come to.
      warmup_ratio: Share of the updates in which the rate rises.
      optimizer: Its name.
    """

    learning_rate: float
    batch_size: int
    epochs: float = 3.0
    steps: int | None = None
    warmup_ratio: float = 0.06
    optimizer: OptimizerName = "adamw"


def _paper(learning_rate: float, batch_size: int, steps: int, warmup_steps: int) -> Recipe:
    return Recipe(learning_rate, batch_size, steps=steps, warmup_ratio=warmup_steps / steps)


PAPER_RECIPES: dict[RecipeName, Recipe] = {
    "cola": _paper(1e-5, 16, 5336, 320),
    "stsb": _paper(2e-5, 16, 3598, 214),
    "sst2": _paper(1e-5, 32, 20935, 1256),
    "mnli": _paper(3e-5, 128, 10000, 1000),
    "qnli": _paper(1e-5, 32, 33112, 1986),
    "qqp": _paper(5e-5, 128, 14000, 1000),
    "rte": _paper(3e-5, 32, 800, 200),
    "mrpc": _paper(2e-5, 32, 800, 200),
    "squad1": _paper(5e-5, 48, 3649, 365),
    "squad2": _paper(3e-5, 48, 8144, 814),
    "race": _paper(1e-5, 32, 12000, 1000),
}
"""Table 14 of https://arxiv.org/abs/1909.11942 (RACE: of the v2 run script), by data set.

Its dropout in the backbone, 0.1 for QQP, RTE and RACE, is `model.dropout`: see docs/training.md.
"""
