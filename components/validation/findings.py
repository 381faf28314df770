"""What TFDV finds wrong with a split, and what the config wants done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict
from tensorflow_metadata.proto.v0 import anomalies_pb2, path_pb2, statistics_pb2

from components.validation.config import Action, ValidationConfig

DATASET = "(data set)"
"""Stands for the feature in findings on the data as a whole."""

_SHARES_SHOWN = 6


class Finding(BaseModel):
    """One anomaly of one feature in one split.

    Attributes:
      split: The split.
      feature: The feature, or "(data set)".
      kind: Name of TFMD's AnomalyInfo.Type.
      description: TFDV's words, and for drift the shares before and now.
      action: What the config says about this kind.
      rows: Some rows that show it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str
    feature: str
    kind: str
    description: str
    action: Action
    rows: tuple[str, ...] = ()

    @property
    def is_drift(self) -> bool:
        """Whether it is a difference of distributions, which no single row shows."""
        return self.kind.startswith("COMPARATOR_")

    def __str__(self) -> str:
        return "\n    ".join(
            [f"{self.split}: {self.feature}: {self.kind}: {self.description}", *self.rows]
        )


def find_anomalies(
    split: str, anomalies: anomalies_pb2.Anomalies, config: ValidationConfig
) -> list[Finding]:
    """Returns a finding for each reason of each anomaly that is not ignored, without rows yet."""
    named = sorted(anomalies.anomaly_info.items())
    if anomalies.HasField("dataset_anomaly_info"):
        named.append((DATASET, anomalies.dataset_anomaly_info))
    findings = []
    for feature, info in named:
        for kind, description in _reasons(info):
            action = config.actions.get(kind, config.default_action)
            if action != "ignore":
                findings.append(
                    Finding(
                        split=split,
                        feature=feature,
                        kind=kind,
                        description=description,
                        action=action,
                    )
                )
    return findings


def _reasons(info: anomalies_pb2.AnomalyInfo) -> Iterator[tuple[str, str]]:
    for reason in info.reason:
        yield anomalies_pb2.AnomalyInfo.Type.Name(reason.type), reason.description.strip()


def describe_shift(
    feature: str,
    now: statistics_pb2.DatasetFeatureStatisticsList,
    before: statistics_pb2.DatasetFeatureStatisticsList,
) -> str:
    """Returns the shares of a feature's values now and before, those that changed most first.

    Of numbers it returns the means and standard deviations.
    """
    if numbers := _described_numbers(feature, now, before):
        return numbers
    shares_now, shares_before = _shares(feature, now), _shares(feature, before)
    changes = {
        value: abs(shares_now.get(value, 0.0) - shares_before.get(value, 0.0))
        for value in {*shares_now, *shares_before}
    }
    changed = sorted(changes, key=lambda value: (-round(changes[value], 6), value))
    return ", ".join(
        f"{value} was {shares_before.get(value, 0.0):.1%} and is {shares_now.get(value, 0.0):.1%}"
        for value in changed[:_SHARES_SHOWN]
    )


def _described_numbers(
    feature: str,
    now: statistics_pb2.DatasetFeatureStatisticsList,
    before: statistics_pb2.DatasetFeatureStatisticsList,
) -> str:
    is_now, was = _find(feature, now), _find(feature, before)
    if is_now is None or was is None or not is_now.HasField("num_stats"):
        return ""
    return (
        f"the mean was {was.num_stats.mean:.4g} and is {is_now.num_stats.mean:.4g}, the standard "
        f"deviation was {was.num_stats.std_dev:.4g} and is {is_now.num_stats.std_dev:.4g}"
    )


def _shares(
    feature: str, statistics: statistics_pb2.DatasetFeatureStatisticsList
) -> dict[str, float]:
    """Returns the share of each value in the rank histogram of a feature."""
    found = _find(feature, statistics)
    buckets = found.string_stats.rank_histogram.buckets if found is not None else ()
    total = sum(bucket.sample_count for bucket in buckets)
    return {bucket.label: bucket.sample_count / total for bucket in buckets}


def _find(
    feature: str, statistics: statistics_pb2.DatasetFeatureStatisticsList
) -> statistics_pb2.FeatureNameStatistics | None:
    """Returns the statistics of a feature."""
    every = (found for dataset in statistics.datasets for found in dataset.features)
    return next((found for found in every if _name(found.path) == feature), None)


def _name(path: path_pb2.Path) -> str:
    return ".".join(path.step)


def refusal(findings: Sequence[Finding]) -> str:
    """Returns the message of a run that these findings stop."""
    kinds = ", ".join(
        f"{kind}: warn" for kind in dict.fromkeys(finding.kind for finding in findings)
    )
    return "\n  ".join(
        [
            "the data does not fit the schema, so nothing is trained on it",
            *map(str, findings),
            "correct the data, change the schema (validation.schema_file), or let these kinds pass "
            f"with validation.actions: {{{kinds}}}",
        ]
    )


def stopping(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the findings that stop a run."""
    return [finding for finding in findings if finding.action == "stop"]
