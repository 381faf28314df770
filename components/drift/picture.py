"""Training and serving side by side, a plot for each feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.profile import Statistics
from components.drift.report import DriftReport

_VALUES_SHOWN = 12
_COLORS = {"training": "#9aa5b1", "serving": "#2563eb"}
_DRIFTED_COLOR = "#dc2626"


def write_picture(
    path: Path, report: DriftReport, training: Statistics, serving: Statistics
) -> None:
    """Writes a page with the distributions of every feature that was compared."""
    figure = make_subplots(
        rows=max(len(report.measurements), 1),
        subplot_titles=[
            f"{item.feature}: {item.value:.4f}, limit {item.limit:g}"
            for item in report.measurements
        ],
    )
    for row, item in enumerate(report.measurements, 1):
        shares = _side_by_side(_feature(training, item.feature), _feature(serving, item.feature))
        for side, values in shares.items():
            color = _DRIFTED_COLOR if side == "serving" and item.drifted else _COLORS[side]
            figure.add_trace(
                go.Bar(
                    x=list(values),
                    y=list(values.values()),
                    name=side,
                    legendgroup=side,
                    showlegend=row == 1,
                    marker_color=color,
                    opacity=0.7,
                ),
                row=row,
                col=1,
            )
    figure.update_layout(
        title=report.sentence,
        height=120 + 260 * max(len(report.measurements), 1),
        template="plotly_white",
        bargap=0.05,
    )
    figure.update_yaxes(tickformat=".0%")
    figure.write_html(path, include_plotlyjs="directory")


def _feature(statistics: Statistics, name: str) -> statistics_pb2.FeatureNameStatistics:
    return next(
        feature for feature in statistics.datasets[0].features if feature.path.step[0] == name
    )


def _side_by_side(
    training: statistics_pb2.FeatureNameStatistics, serving: statistics_pb2.FeatureNameStatistics
) -> dict[str, dict[Any, float]]:
    """Returns the shares of both sides; of texts those of the most frequent in training."""
    before, after = _shares(training), _shares(serving)
    if training.HasField("string_stats"):
        shown = list(before)[:_VALUES_SHOWN]
        before, after = (
            {value: side.get(value, 0.0) for value in shown} for side in (before, after)
        )
    return {"training": before, "serving": after}


def _shares(feature: statistics_pb2.FeatureNameStatistics) -> dict[Any, float]:
    """Returns the share of each value, or of each step of numbers by its middle."""
    if feature.HasField("num_stats"):
        buckets = feature.num_stats.histograms[0].buckets
        total = sum(bucket.sample_count for bucket in buckets) or 1.0
        return {
            (bucket.low_value + bucket.high_value) / 2: bucket.sample_count / total
            for bucket in buckets
        }
    buckets = feature.string_stats.rank_histogram.buckets
    total = feature.string_stats.common_stats.tot_num_values or 1
    return {bucket.label: bucket.sample_count / total for bucket in buckets}
