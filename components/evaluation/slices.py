"""The metric that decides, slice by slice, for the record of a verdict."""

import math
from collections.abc import Iterator
from typing import Final

from components.evaluation.measurements import OVERALL, Measurements
from components.evaluation.thresholds import CANDIDATE
from components.evaluation.verdict import SliceFigures, WorstSlice
from models.tasks.base import Metric

MIN_ROWS: Final = 10
"""A smaller slice is the worst only where there is no larger one."""

MAX_SLICES: Final = 1000
"""Slices of a record: a feature of other values in every row would fill it with thousands."""


def slice_figures(measured: Measurements, metric: Metric) -> dict[str, SliceFigures]:
    """Returns the metric of every model on every slice, those with most rows where they are many.

    Args:
      measured: Metrics of all models.
      metric: The metric that decides.

    Returns:
      By slice (`feature=value`): feature by feature, of each the candidate's worst first, those
      with few rows after the others.
    """
    by_rows = sorted(_slice_names(measured), key=lambda name: (-measured.num_rows[name], name))
    return {
        name: SliceFigures(
            metric=metric.name,
            num_rows=measured.num_rows[name],
            values={
                model: finite(measured.value(model, name, metric.name)) for model in measured.values
            },
        )
        for name in sorted(
            by_rows[:MAX_SLICES],
            key=lambda name: (name.partition("=")[0], *_badness(measured, CANDIDATE, name, metric)),
        )
    }


def num_slices(measured: Measurements) -> int:
    """Returns how many slices were measured."""
    return sum(1 for _ in _slice_names(measured))


def worst_slice(measured: Measurements, model: str, metric: Metric) -> WorstSlice | None:
    """Returns the worst slice of a model among those with enough rows, else among all."""
    known = [
        name
        for name in _slice_names(measured)
        if math.isfinite(measured.value(model, name, metric.name))
    ]
    if not known:
        return None
    name = min(known, key=lambda name: _badness(measured, model, name, metric))
    value = measured.value(model, name, metric.name)
    return WorstSlice(slice=name, metric=metric.name, value=value, num_rows=measured.num_rows[name])


def finite(value: float) -> float | None:
    """Returns a value as JSON can have it: null where the rows cannot tell."""
    return value if math.isfinite(value) else None


def _slice_names(measured: Measurements) -> Iterator[str]:
    return (name for name in measured.num_rows if name != OVERALL)


def _badness(
    measured: Measurements, model: str, name: str, metric: Metric
) -> tuple[bool, float, str]:
    """Returns what sorts slices, the worst first: few rows, and no value, come last."""
    value = measured.value(model, name, metric.name)
    signed = value if metric.higher_is_better else -value
    return (
        measured.num_rows[name] < MIN_ROWS,
        signed if math.isfinite(value) else math.inf,
        name,
    )
