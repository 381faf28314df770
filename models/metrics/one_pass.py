"""Metrics that share one count of the rows, as TFMA wants them computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2
from typing_extensions import Self


class Counts(Protocol):
    """What metrics need to know of a set of rows; made without arguments for none."""

    def add(self, label: Any, prediction: Any, weight: float) -> None:
        """Counts one row.

        Args:
          label: As the raw example has it, an array; by name where there are several.
          prediction: As the model answers, an array; by name where the task names none of them.
          weight: Weight of the row.
        """
        ...

    def merge(self, other: Self) -> None:
        """Counts the rows of `other` too."""
        ...


C = TypeVar("C", bound=Counts)


def computations(
    make_counts: Callable[[], C], value: Callable[[C], float], labels: Sequence[str] = ()
) -> Callable[..., metric_types.MetricComputations]:
    """Returns what tells TFMA how to compute `value`.

    TFMA runs equal combiners once, so the rows are counted once for all metrics of a class.

    Args:
      make_counts: The class of the counts.
      value: The metric of the counts of all rows.
      labels: Raw features that are the label together; none: the task's `label_key`.
    """
    # The leading underscore keeps the counts out of TFMA's results.
    counts_name = f"_{getattr(make_counts, '__name__', 'counts')}"

    def create(
        name: str,
        eval_config: config_pb2.EvalConfig | None = None,
        model_name: str = "",
        output_name: str = "",
        example_weighted: bool = False,
    ) -> metric_types.MetricComputations:
        def key_of(key_name: str) -> metric_types.MetricKey:
            return metric_types.MetricKey(
                name=key_name,
                model_name=model_name,
                output_name=output_name,
                example_weighted=example_weighted,
            )

        counts_key, key = key_of(counts_name), key_of(name)
        return [
            metric_types.MetricComputation(
                keys=[counts_key],
                preprocessors=[metric_types.FeaturePreprocessor(labels)] if labels else None,
                combiner=_CountRows(make_counts, counts_key, eval_config, example_weighted, labels),
            ),
            metric_types.DerivedMetricComputation(
                keys=[key], result=lambda metrics: {key: value(metrics[counts_key])}
            ),
        ]

    return metric_util.merge_per_key_computations(create)


class _CountRows(beam.CombineFn):
    """StandardMetricInputs -> Counts."""

    def __init__(
        self,
        make_counts: Callable[[], Any],
        key: metric_types.MetricKey,
        eval_config: config_pb2.EvalConfig | None,
        example_weighted: bool,
        labels: Sequence[str],
    ) -> None:
        self._make_counts = make_counts
        self._key = key
        self._eval_config = eval_config
        self._example_weighted = example_weighted
        self._labels = labels

    def create_accumulator(self) -> Any:
        return self._make_counts()

    def add_input(self, accumulator: Any, element: metric_types.StandardMetricInputs) -> Any:
        if self._labels:
            features = element.get_features()
            label = {name: np.asarray(features[name]) for name in self._labels}
            # TFMA's own function below takes no outputs by name.
            accumulator.add(label, element.get_predictions(self._key.model_name), 1.0)
            return accumulator
        label, prediction, weight = next(
            metric_util.to_label_prediction_example_weight(
                element,
                eval_config=self._eval_config,
                model_name=self._key.model_name,
                output_name=self._key.output_name,
                example_weighted=self._example_weighted,
                flatten=False,
                require_single_example_weight=True,
            )
        )
        accumulator.add(label, prediction, float(weight.item()))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        merged = self._make_counts()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: Any) -> dict[metric_types.MetricKey, Any]:
        return {self._key: accumulator}
