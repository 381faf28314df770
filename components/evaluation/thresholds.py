"""The rules of the gate: whether the configured ones name what exists, and the default ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from components.evaluation.config import EvaluateConfig, Threshold
from models.tasks.base import Metric

CANDIDATE: Final = "candidate"
CHAMPION: Final = "champion"


@dataclass(frozen=True)
class Rule:
    """A threshold, and whether the value may stand exactly on its bounds.

    Attributes:
      threshold: Metric, bounds, and whom and which rows they are about.
      strict: Whether the value must be better than the bound, not just as good.
    """

    threshold: Threshold
    strict: bool = False


def gate_rules(config: EvaluateConfig, metric: Metric, baselines: Sequence[str]) -> list[Rule]:
    """Returns the rules of a gate.

    Args:
      config: Its thresholds; unset: not worse than the champion, better than every baseline.
      metric: The metric that decides in the default rules.
      baselines: Names of the baselines.
    """
    if config.thresholds is not None:
        return [Rule(threshold) for threshold in config.thresholds]
    return [
        Rule(_no_worse_than(CHAMPION, metric)),
        *(Rule(_no_worse_than(baseline, metric), strict=True) for baseline in baselines),
    ]


def _no_worse_than(other: str, metric: Metric) -> Threshold:
    if metric.higher_is_better:
        return Threshold(metric=metric.name, over=other, min=0.0)
    return Threshold(metric=metric.name, over=other, max=0.0)


def check_thresholds(
    config: EvaluateConfig,
    *,
    metric_names: Collection[str],
    baseline_names: Collection[str],
    slice_names: Collection[str],
) -> list[str]:
    """Returns every problem of the configured thresholds with its path; empty where there is none.

    Args:
      config: The `evaluate` section.
      metric_names: Metrics of the task.
      baseline_names: Baselines of the run.
      slice_names: Features that the evaluation is sliced by.
    """
    problems = []
    for index, threshold in enumerate(config.thresholds or ()):
        feature = None if threshold.slice is None else threshold.slice.partition("=")[0]
        for key, value, known in (
            ("metric", threshold.metric, metric_names),
            ("over", threshold.over, (CHAMPION, *baseline_names)),
            ("slice", feature, slice_names),
        ):
            if value is not None and value not in known:
                problems.append(
                    f"evaluate.thresholds.{index}.{key}: must be one of "
                    f"{', '.join(known) or '(there is none)'}; received {value!r}"
                )
    return problems
