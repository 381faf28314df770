"""Compares serving with training, feature by feature, by TFDV's skew comparators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.features import NUM_PIECES, PIECES, UNKNOWN_RATE, WORDS
from components.drift.profile import Profile, Statistics, feature_names
from components.drift.report import DriftLimits, DriftReport, Measurement
from schemas import features as keys

_VALUES_SHOWN = 3


def compare(
    profile: Profile,
    serving: Statistics,
    *,
    version: int,
    since: datetime,
    until: datetime,
    limits: DriftLimits,
) -> DriftReport:
    """Returns the verdict on drift.

    Args:
      profile: Of the training data.
      serving: Statistics of the request log.
      version: The version that was asked.
      since: Start of the period.
      until: Its end.
      limits: What is allowed.
    """
    rows = int(serving.datasets[0].num_examples) if serving.datasets else 0
    measurements = () if not rows else tuple(_measure(profile.statistics, serving, limits))
    drifted = any(measurement.drifted for measurement in measurements)
    return DriftReport(
        status="too_few" if rows < limits.min_rows else "drifted" if drifted else "stable",
        version=version,
        since=since,
        until=until,
        rows=rows,
        limits=limits,
        measurements=measurements,
    )


def _measure(
    training: Statistics, serving: Statistics, limits: DriftLimits
) -> Iterator[Measurement]:
    anomalies = tfdv.validate_statistics(
        training, _schema(training, serving, limits), serving_statistics=serving
    )
    before, after = _features(training), _features(serving)
    for info in anomalies.drift_skew_info:
        name = info.path.step[0]
        for measured in info.skew_measurements:
            yield Measurement(
                feature=name,
                measure="largest_difference" if name == keys.LABEL else "jensen_shannon_divergence",
                value=round(measured.value, 6),
                limit=measured.threshold,
                training=_in_short(before[name]),
                serving=_in_short(after[name]),
            )


def _schema(training: Statistics, serving: Statistics, limits: DriftLimits) -> schema_pb2.Schema:
    """Returns a schema with a comparator for each feature that both sides know values of."""
    schema = tfdv.infer_schema(training)
    before, after = _features(training), _features(serving)
    for name in feature_names(training):
        if not _has_values(before.get(name)) or not _has_values(after.get(name)):
            continue
        comparator = tfdv.get_feature(schema, name).skew_comparator
        if name == keys.LABEL:
            comparator.infinity_norm.threshold = limits.max_label
        else:
            limit = _limit(name.rpartition(".")[2], limits)
            comparator.jensen_shannon_divergence.threshold = limit
    return schema


def _limit(kind: str, limits: DriftLimits) -> float:
    return {
        WORDS: limits.max_length,
        NUM_PIECES: limits.max_length,
        UNKNOWN_RATE: limits.max_unknown,
        PIECES: limits.max_pieces,
    }[kind]


def _features(statistics: Statistics) -> dict[str, statistics_pb2.FeatureNameStatistics]:
    return {feature.path.step[0]: feature for feature in statistics.datasets[0].features}


def _common(
    feature: statistics_pb2.FeatureNameStatistics,
) -> statistics_pb2.CommonStatistics:
    if feature.HasField("num_stats"):
        return feature.num_stats.common_stats
    return feature.string_stats.common_stats


def _has_values(feature: statistics_pb2.FeatureNameStatistics | None) -> bool:
    return feature is not None and _common(feature).tot_num_values > 0


def _in_short(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """Returns a mean, or the most frequent values with their shares."""
    if feature.HasField("num_stats"):
        return f"mean {feature.num_stats.mean:.3g}"
    total = _common(feature).tot_num_values
    buckets = feature.string_stats.rank_histogram.buckets[:_VALUES_SHOWN]
    return ", ".join(f"{bucket.label} {bucket.sample_count / total:.1%}" for bucket in buckets)
