"""What TFMA measured, read back as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.evaluation.thresholds import CANDIDATE

OVERALL: Final = "overall"
EXAMPLE_COUNT: Final = "example_count"

Values = Mapping[str, float]
"""Value by metric; NaN where the rows cannot tell."""


@dataclass(frozen=True)
class Measurements:
    """The metrics of every model on every slice.

    Attributes:
      values: By model, then slice (`overall`, or `feature=value`), then metric.
      num_rows: Rows by slice.
    """

    values: Mapping[str, Mapping[str, Values]]
    num_rows: Mapping[str, int]

    def value(self, model: str, slice_name: str, metric: str) -> float:
        """Returns one value, NaN where it was not measured."""
        return self.values.get(model, {}).get(slice_name, {}).get(metric, math.nan)


def read_measurements(output_path: str) -> Measurements:
    """Returns what TFMA wrote under `output_path`."""
    import tensorflow_model_analysis as tfma

    return to_measurements(tfma.load_metrics(output_path))


def to_measurements(metrics: Iterable[Any]) -> Measurements:
    """Returns the values of MetricsForSlice protos.

    Single values count; plots, matrices and the parts of a metric by class or top k do not. TFMA
    leaves the name of an only model empty: that is the candidate.
    """
    values: dict[str, dict[str, dict[str, float]]] = {}
    num_rows: dict[str, int] = {}
    for metrics_for_slice in metrics:
        slice_name = to_slice_name(metrics_for_slice.slice_key)
        for item in metrics_for_slice.metric_keys_and_values:
            if item.value.WhichOneof("type") != "double_value" or item.key.HasField("sub_key"):
                continue
            value = item.value.double_value.value
            model = item.key.model_name or CANDIDATE
            if item.key.name == EXAMPLE_COUNT:
                num_rows[slice_name] = round(value)
            else:
                values.setdefault(model, {}).setdefault(slice_name, {})[item.key.name] = value
    return Measurements(values, num_rows)


def to_slice_name(slice_key: Any) -> str:
    """Returns the name of a slice: `overall`, or `feature=value` joined by commas."""
    parts = [f"{part.column}={_slice_value(part)}" for part in slice_key.single_slice_keys]
    return ",".join(parts) or OVERALL


def _slice_value(part: Any) -> str:
    value = getattr(part, part.WhichOneof("kind"))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
