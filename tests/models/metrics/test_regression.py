import json
import math

import apache_beam as beam
import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from scipy import stats

from models.metrics.regression import ScoredRows, mean_squared_error, pearson, spearman
from models.tasks import create_task

TASK = create_task({"name": "regression"})


def count(labels, predictions, weights=None):
    rows = ScoredRows()
    weights = np.ones(len(labels)) if weights is None else weights
    for label, prediction, weight in zip(labels, predictions, weights, strict=True):
        rows.add(np.array([label]), np.array(prediction), float(weight))
    return rows


def random_scores(num_rows=200, seed=0, *, ties=True):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 26, size=num_rows) / 5 if ties else rng.normal(size=num_rows)
    return labels, labels + rng.normal(size=num_rows)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_values_equal_those_of_scipy(seed, ties):
    labels, predictions = random_scores(seed=seed, ties=ties)
    predictions = predictions.round(1)
    rows = count(labels, predictions)
    assert pearson(rows) == pytest.approx(stats.pearsonr(labels, predictions)[0], abs=1e-12)
    assert spearman(rows) == pytest.approx(stats.spearmanr(labels, predictions)[0], abs=1e-12)
    assert mean_squared_error(rows) == pytest.approx(np.mean((labels - predictions) ** 2))


def test_offset_costs_no_precision():
    labels, predictions = random_scores()
    expected = stats.pearsonr(labels, predictions)[0]
    assert pearson(count(labels + 1e6, predictions + 1e6)) == pytest.approx(expected, abs=1e-8)


def test_weights_count_as_repeated_rows():
    labels, predictions = random_scores(30)
    weights = np.random.default_rng(1).integers(1, 4, size=30)
    weighted = count(labels, predictions, weights)
    repeated = count(np.repeat(labels, weights), np.repeat(predictions, weights))
    for metric in (pearson, spearman, mean_squared_error):
        assert metric(weighted) == pytest.approx(metric(repeated))


def test_merged_parts_equal_the_whole():
    labels, predictions = random_scores(50)
    merged = ScoredRows()
    for part in np.array_split(np.arange(50), 7):
        merged.merge(count(labels[part], predictions[part]))
    np.testing.assert_array_equal(merged.columns(), count(labels, predictions).columns())


@pytest.mark.parametrize("metric", [pearson, spearman])
def test_constant_predictions_do_not_correlate(metric):
    assert metric(count([1.0, 2.0], [3.0, 3.0])) == 0.0


@pytest.mark.parametrize("metric", [pearson, spearman])
def test_constant_scores_have_no_correlation(metric):
    assert math.isnan(metric(count([3.0, 3.0], [1.0, 2.0])))


EVAL_CONFIG = """
  model_specs { name: "candidate" label_key: "score" prediction_key: "candidate" }
  model_specs { name: "mean" label_key: "score" prediction_key: "mean" is_baseline: true }
  slicing_specs {}
"""


def test_tfma_computes_every_metric_of_the_task(tmp_path):
    labels, predictions = random_scores(40)
    config = text_format.Parse(EVAL_CONFIG, tfma.EvalConfig())
    spec = config.metrics_specs.add()
    for metric in TASK.metrics():
        spec.metrics.add(
            class_name=metric.class_name,
            module=metric.module,
            config=json.dumps({"name": metric.name}),
        )
    config = tfma.utils.update_eval_config_with_defaults(config, has_baseline=True)
    rows = [
        {
            tfma.LABELS_KEY: {name: np.array([label]) for name in ("candidate", "mean")},
            tfma.PREDICTIONS_KEY: {"candidate": np.array(value), "mean": np.array(2.5)},
            tfma.FEATURES_KEY: {},
        }
        for label, value in zip(labels, predictions, strict=True)
    ]
    output = tmp_path / "records.jsonl"
    with beam.Pipeline() as pipeline:
        evaluations = (
            pipeline
            | "Rows" >> beam.Create(rows, reshuffle=True)
            | "Slice" >> tfma.extractors.SliceKeyExtractor(eval_config=config).ptransform
            | "Evaluate"
            >> tfma.evaluators.MetricsPlotsAndValidationsEvaluator(eval_config=config).ptransform
        )
        _ = (
            evaluations[tfma.METRICS_KEY]
            | "ToRecords" >> beam.FlatMap(to_records)
            | "Write" >> beam.io.WriteToText(str(output), shard_name_template="")
        )
    values = dict(json.loads(line) for line in output.read_text().splitlines())
    assert values == pytest.approx(
        {
            "candidate pearson": stats.pearsonr(labels, predictions)[0],
            "candidate spearman": stats.spearmanr(labels, predictions)[0],
            "candidate mse": np.mean((labels - predictions) ** 2),
            "mean pearson": 0.0,
            "mean spearman": 0.0,
            "mean mse": np.mean((labels - 2.5) ** 2),
        }
    )


def to_records(evaluation):
    """Yields a JSON pair of model and metric, and value."""
    _, values = evaluation
    for key, value in values.items():
        if not key.is_diff:
            yield json.dumps([f"{key.model_name} {key.name}", float(value)])
