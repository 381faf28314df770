import json
import math
from functools import partial

import apache_beam as beam
import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from sklearn import metrics as sklearn_metrics

from models.metrics import classification as metrics
from models.metrics.classification import ClassificationCounts
from models.tasks import create_task
from schemas import features as keys

TASK = create_task({"name": "classification", "labels": ["a", "b", "c"], "positive": "b"})


def random_answers(num_labels, num_rows=500, sharpness=3.0, seed=0):
    """Labels `(rows,)` and probabilities `(rows, num_labels)` that know something of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(num_labels, size=num_rows)
    logits = rng.normal(size=(num_rows, num_labels)) + np.eye(num_labels)[labels]
    exponentials = np.exp(sharpness * logits)
    return labels, (exponentials / exponentials.sum(axis=1, keepdims=True)).astype("float32")


def count(labels, probabilities):
    counts = ClassificationCounts()
    for label, row in zip(labels, probabilities, strict=True):
        counts.add(np.asarray(label), np.asarray(row, "float32"))
    return counts


def from_sklearn(labels, probabilities):
    predictions = probabilities.argmax(axis=1)
    scores = probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities
    exact = probabilities.astype("float64")
    normalized = exact / exact.sum(axis=1, keepdims=True)
    return {
        "accuracy": sklearn_metrics.accuracy_score(labels, predictions),
        "mcc": sklearn_metrics.matthews_corrcoef(labels, predictions),
        "macro_f1": sklearn_metrics.f1_score(labels, predictions, average="macro"),
        "f1": sklearn_metrics.f1_score(labels == 1, predictions == 1),
        "auc": sklearn_metrics.roc_auc_score(labels, scores, multi_class="ovr"),
        "cross_entropy": sklearn_metrics.log_loss(labels, normalized),
    }


FUNCTIONS = {
    "accuracy": metrics.accuracy,
    "mcc": metrics.matthews_correlation,
    "macro_f1": metrics.macro_f1,
    "f1": partial(metrics.f1, class_id=1),
    "auc": metrics.macro_auc,
    "cross_entropy": metrics.cross_entropy,
}


@pytest.mark.parametrize("num_labels", [2, 3, 5])
@pytest.mark.parametrize("sharpness", [0.5, 3.0])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_equal_those_of_scikit_learn(name, sharpness, num_labels):
    labels, probabilities = random_answers(num_labels, sharpness=sharpness)
    expected = from_sklearn(labels, probabilities)[name]
    assert FUNCTIONS[name](count(labels, probabilities)) == pytest.approx(expected, abs=2e-4)


def test_auc_of_sure_answers():
    """Probabilities that float32 rounds to 1 keep their order, by what is left for the others."""
    labels, probabilities = random_answers(2, sharpness=12.0)
    log_odds = np.log(probabilities[:, 1]) - np.log(probabilities[:, 0])
    expected = sklearn_metrics.roc_auc_score(labels, log_odds)
    assert metrics.macro_auc(count(labels, probabilities)) == pytest.approx(expected, abs=2e-4)


def test_auc_of_ties_is_a_half():
    assert metrics.macro_auc(count([0, 1, 1], [[0.5, 0.5]] * 3)) == 0.5


def test_zero_and_one_are_probabilities_too():
    counts = count([0, 1], [[1.0, 0.0], [0.0, 1.0]])
    assert metrics.macro_auc(counts) == 1.0
    assert metrics.cross_entropy(counts) == 0.0


def test_label_with_probability_zero_costs_a_finite_amount():
    assert metrics.cross_entropy(count([1], [[1.0, 0.0]])) == pytest.approx(-math.log(1e-7))


def test_rows_of_one_label_have_no_auc_and_no_correlation():
    counts = count([1, 1], [[0.2, 0.8], [0.9, 0.1]])
    assert math.isnan(metrics.macro_auc(counts))
    assert math.isnan(metrics.matthews_correlation(counts))
    assert metrics.accuracy(counts) == 0.5


def test_f1_of_a_class_that_no_row_has_or_was_given_cannot_be_told():
    counts = count([1, 1], [[0.2, 0.8, 0.0], [0.9, 0.1, 0.0]])
    assert math.isnan(metrics.f1(counts, 2))
    assert metrics.f1(counts, 0) == 0.0


def test_constant_predictions_do_not_correlate():
    assert metrics.matthews_correlation(count([0, 1], [[0.2, 0.8]] * 2)) == 0.0


def test_classes_that_do_not_occur_are_left_out():
    counts = count([0, 1], [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    assert metrics.macro_f1(counts) == 1.0
    assert metrics.macro_auc(counts) == 1.0


def test_weights_count_as_repeated_rows():
    labels, probabilities = random_answers(3, num_rows=20)
    weighted = ClassificationCounts()
    for label, row in zip(labels, probabilities, strict=True):
        weighted.add(np.asarray(label), row, weight=2.0)
    repeated = count(np.tile(labels, 2), np.tile(probabilities, (2, 1)))
    assert [function(weighted) for function in FUNCTIONS.values()] == pytest.approx(
        [function(repeated) for function in FUNCTIONS.values()]
    )


def test_merged_parts_equal_the_whole():
    labels, probabilities = random_answers(3)
    merged = ClassificationCounts()
    for part in np.array_split(np.arange(len(labels)), 7):
        merged.merge(count(labels[part], probabilities[part]))
    whole = count(labels, probabilities)
    assert (merged.confusion, merged.scores) == (whole.confusion, whole.scores)
    assert merged.log_loss == pytest.approx(whole.log_loss)


EVAL_CONFIG = """
  model_specs { name: "candidate" label_key: "label_id" prediction_key: "candidate" }
  model_specs {
    name: "champion" label_key: "label_id" prediction_key: "champion" is_baseline: true
  }
  slicing_specs {}
  slicing_specs { feature_keys: "label" }
"""


def to_records(evaluation):
    """Yields a JSON list of slice, model, metric, whether it is a difference, and value."""
    slice_key, values = evaluation
    for key, value in values.items():
        label = dict(slice_key).get("label", "")
        yield json.dumps([label, key.model_name, key.name, key.is_diff, float(value)])


def evaluate(labels, candidate, champion, output):
    """Runs TFMA on two models' answers; returns value by (slice, model, metric, is difference)."""
    config = text_format.Parse(EVAL_CONFIG, tfma.EvalConfig())
    spec = config.metrics_specs.add()
    for metric in TASK.metrics():
        config_json = json.dumps(metric.config or {})
        spec.metrics.add(class_name=metric.class_name, module=metric.module, config=config_json)
    config = tfma.utils.update_eval_config_with_defaults(config, has_baseline=True)
    rows = [
        {
            tfma.FEATURES_KEY: {keys.LABEL: np.array(["abc"[label]])},
            tfma.LABELS_KEY: {"candidate": np.array([label]), "champion": np.array([label])},
            tfma.PREDICTIONS_KEY: {"candidate": one, "champion": other},
        }
        for label, one, other in zip(labels, candidate, champion, strict=True)
    ]
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
    records = [json.loads(line) for line in output.read_text().splitlines()]
    return {tuple(key): value for *key, value in records}


@pytest.fixture(scope="module")
def answers():
    labels, candidate = random_answers(3, num_rows=60)
    return labels, candidate, random_answers(3, num_rows=60, seed=1)[1]


@pytest.fixture(scope="module")
def evaluation(answers, tmp_path_factory):
    return evaluate(*answers, tmp_path_factory.mktemp("tfma") / "records.jsonl")


@pytest.mark.parametrize("model", ["candidate", "champion"])
def test_tfma_computes_every_metric(model, answers, evaluation):
    labels, *probabilities = answers
    expected = from_sklearn(labels, probabilities[model == "champion"])
    computed = {
        name: value
        for (slice_, model_, name, diff), value in evaluation.items()
        if (slice_, model_, diff) == ("", model, False)
    }
    assert computed == pytest.approx(expected, abs=2e-3)


def test_tfma_compares_the_models(evaluation):
    difference = evaluation["", "candidate", "accuracy", True]
    accuracies = [evaluation["", model, "accuracy", False] for model in ("candidate", "champion")]
    assert difference == pytest.approx(accuracies[0] - accuracies[1])


def test_tfma_slices(answers, evaluation):
    labels, candidate, _ = answers
    rows = labels == 0
    assert evaluation["a", "candidate", "accuracy", False] == pytest.approx(
        (candidate[rows].argmax(axis=1) == 0).mean()
    )
    assert math.isnan(evaluation["a", "candidate", "auc", False])


def test_names_are_those_of_the_task(evaluation):
    assert {name for _, _, name, _ in evaluation} == {metric.name for metric in TASK.metrics()}
