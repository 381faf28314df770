"""The gate: applies its rules to what TFMA measured and gives the verdict (no TensorFlow)."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from components.evaluation.config import EvaluateConfig, Threshold
from components.evaluation.measurements import OVERALL, Measurements
from components.evaluation.slices import finite, num_slices, slice_figures, worst_slice
from components.evaluation.thresholds import CANDIDATE, CHAMPION, Rule, gate_rules
from components.evaluation.uncertainty import few_rows_note
from components.evaluation.verdict import ChampionStatus, Reason, Verdict
from models.tasks.base import Metric

EPSILON: Final = 1e-7
"""TFMA's own metrics are float32: bounds are met within their rounding."""


def judge(
    measured: Measurements,
    *,
    config: EvaluateConfig,
    metrics: Sequence[Metric],
    baselines: Sequence[str],
    champion: ChampionStatus,
    split: str,
) -> Verdict:
    """Returns the verdict on the candidate.

    Args:
      measured: Metrics of candidate, baselines, and the champion where it was compared.
      config: The thresholds.
      metrics: The task's metrics, the one that decides first.
      baselines: Names of the baselines.
      champion: What became of the comparison with the champion.
      split: Name of the split that was measured.
    """
    num_rows = measured.num_rows.get(OVERALL, 0)
    rules = gate_rules(config, metrics[0], baselines)
    reasons = tuple(
        reason for rule in rules for reason in _apply(rule, measured, champion, split=split)
    )
    if not num_rows:
        sentence = f"split {split} holds no rows, so nothing was measured"
        reasons = (Reason(outcome="fail", sentence=sentence),)
    elif not reasons:
        sentence = "evaluate.thresholds is empty: every candidate is blessed"
        reasons = (Reason(outcome="skipped", sentence=sentence),)
    reasons += tuple(_missing_slices(config, measured, split=split))
    few = few_rows_note(num_rows)
    return Verdict(
        blessed=all(reason.outcome != "fail" for reason in reasons),
        reasons=reasons,
        champion=champion,
        split=split,
        num_rows=num_rows,
        metrics={
            model: {name: finite(value) for name, value in slices.get(OVERALL, {}).items()}
            for model, slices in measured.values.items()
        },
        worst_slices={
            model: worst
            for model in measured.values
            if (worst := worst_slice(measured, model, metrics[0])) is not None
        },
        note=few and f"{split} has {num_rows} rows: {few}",
        slices=slice_figures(measured, metrics[0]),
        num_slices=num_slices(measured),
    )


def _missing_slices(
    config: EvaluateConfig, measured: Measurements, *, split: str
) -> Iterator[Reason]:
    """Yields a reason for each configured slice that no row has: a column may be misspelt."""
    for feature in config.slices:
        if not _slices_of(feature, measured):
            sentence = f"evaluate.slices names {feature}, which no row of split {split} has"
            yield Reason(outcome="skipped", sentence=sentence, slice=feature)


def _apply(
    rule: Rule, measured: Measurements, champion: ChampionStatus, *, split: str
) -> Iterator[Reason]:
    """Yields the outcome of a rule on each slice that it is about."""
    threshold = rule.threshold
    if threshold.over == CHAMPION and champion.status != "compared":
        yield _skipped(threshold, threshold.slice or OVERALL, champion.reason)
        return
    slices = _slices(threshold, measured)
    if not slices:
        yield _skipped(threshold, threshold.slice or OVERALL, f"no row of split {split} is in it")
    for slice_name in slices:
        num_rows = measured.num_rows[slice_name]
        if num_rows < threshold.min_rows:
            why = f"it has {num_rows:,} rows, fewer than min_rows {threshold.min_rows:,}"
            yield _skipped(threshold, slice_name, why)
        else:
            yield _judged(rule, slice_name, measured)


def _slices(threshold: Threshold, measured: Measurements) -> list[str]:
    """Returns the measured slices that a threshold is about."""
    wanted = threshold.slice or OVERALL
    if wanted == OVERALL or "=" in wanted:
        return [wanted] if wanted in measured.num_rows else []
    return _slices_of(wanted, measured)


def _slices_of(feature: str, measured: Measurements) -> list[str]:
    """Returns the measured slices by a feature."""
    return sorted(name for name in measured.num_rows if name.startswith(f"{feature}="))


def _judged(rule: Rule, slice_name: str, measured: Measurements) -> Reason:
    threshold = rule.threshold
    metric, over = threshold.metric, threshold.over
    value = measured.value(CANDIDATE, slice_name, metric)
    if math.isnan(value) and slice_name != OVERALL:
        return _skipped(threshold, slice_name, "its rows cannot tell the value")
    reference = 0.0 if over is None else measured.value(over, slice_name, metric)
    if math.isnan(reference):
        return _skipped(threshold, slice_name, f"its rows cannot tell the value of {over}")
    passed = _is_within(value - reference, threshold, strict=rule.strict)
    subject = "it" if over is None else f"the difference {value - reference:+.4f}"
    against = "" if over is None else f", {over} has {reference:.4f}"
    bounds = _bounds(threshold, strict=rule.strict)
    return Reason(
        outcome="pass" if passed else "fail",
        sentence=f"{slice_name}: {metric} is {value:.4f}{against}; {subject} must be {bounds}",
        metric=metric,
        slice=slice_name,
        over=over,
        value=finite(value),
        reference=None if over is None else finite(reference),
        num_rows=measured.num_rows[slice_name],
    )


def _is_within(value: float, threshold: Threshold, *, strict: bool) -> bool:
    margin = EPSILON if strict else -EPSILON
    above = threshold.min is None or value >= threshold.min + margin
    below = threshold.max is None or value <= threshold.max - margin
    return above and below and not math.isnan(value)


def _bounds(threshold: Threshold, *, strict: bool) -> str:
    """Returns the bounds in words.

    >>> _bounds(Threshold(metric="accuracy", min=0.9), strict=False)
    'at least 0.9'
    >>> _bounds(Threshold(metric="accuracy", min=0, over="tfidf"), strict=True)
    'more than 0'
    """
    parts = []
    if threshold.min is not None:
        parts.append(f"{'more than' if strict else 'at least'} {threshold.min:g}")
    if threshold.max is not None:
        parts.append(f"{'less than' if strict else 'at most'} {threshold.max:g}")
    return " and ".join(parts)


def _skipped(threshold: Threshold, slice_name: str, why: str) -> Reason:
    against = f" against {threshold.over}" if threshold.over else ""
    return Reason(
        outcome="skipped",
        sentence=f"{slice_name}: {threshold.metric}{against} is not judged: {why}",
        metric=threshold.metric,
        slice=slice_name,
        over=threshold.over,
    )
