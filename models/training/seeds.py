"""One training run for each seed: the best is kept, and mean and spread of all are told."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

from models.training.summary import SeedResult, TrainingSummary

T = TypeVar("T")


def train_seeds(
    seeds: Sequence[int],
    train_one: Callable[[int, str], tuple[T, TrainingSummary]],
    *,
    higher_is_better: bool,
) -> tuple[T, TrainingSummary]:
    """Trains with each seed in turn.

    A run that was killed is started again from its first seed: `train_one` finds those that ended
    in their checkpoints.

    Args:
      seeds: At least one.
      train_one: Trains with a seed, under a name to show; returns the model with its best weights,
        and the record.
      higher_is_better: Direction of the dev metric that decides.

    Returns:
      The best model, the earlier one of equals, and its record with the figures of all.
    """
    best: T | None = None
    summary: TrainingSummary | None = None
    results: list[SeedResult] = []
    for number, seed in enumerate(seeds, start=1):
        name = "training" if len(seeds) == 1 else f"training, seed {number} of {len(seeds)}"
        model, record = train_one(seed, name)
        results.append(record.seed_result())
        if summary is None or _is_better(record, summary, higher_is_better):
            best, summary = model, record
    if best is None or summary is None:
        raise ValueError(f"seeds must hold one at least; received {list(seeds)}; name one")
    return best, summary.model_copy(update=_figures(results))


def _is_better(record: TrainingSummary, other: TrainingSummary, higher_is_better: bool) -> bool:
    if record.best_score is None or other.best_score is None:
        return other.best_score is None
    gain = record.best_score - other.best_score
    return gain > 0 if higher_is_better else gain < 0


def _figures(results: Sequence[SeedResult]) -> dict[str, object]:
    scores = [result.best_score for result in results if result.best_score is not None]
    return {
        "seeds": tuple(results),
        "mean_score": statistics.fmean(scores) if scores else None,
        "score_deviation": statistics.stdev(scores) if len(scores) > 1 else None,
    }
