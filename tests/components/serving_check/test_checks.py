"""An exported model passes the serving check only if it answers as a served model must."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import standard_artifacts

from components.serving_check.checks import CHECKS
from components.serving_check.config import ServingCheckConfig
from components.serving_check.executor import Executor, check_model
from components.serving_check.latency import NAME as LATENCY
from components.serving_check.requests import HOSTILE_TEXTS
from components.serving_check.result import ServingCheckResult
from models.tasks import create_task
from schemas import features as keys
from tests.serving.tiny_examples import make_row, write_examples
from tests.serving.tiny_models import LABELS, save_model

TASK = {"name": "classification", "labels": list(LABELS)}
TEXTS = ["a good day", "bad", "a great and very long day in the sun that would not end", "awful"]
ROWS = [make_row(number, text, LABELS[0]) for number, text in enumerate(TEXTS, start=1)]
REFERENCE = {row[keys.ROW_ID]: row[keys.TEXT] for row in ROWS[1:]}


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return write_examples(tmp_path_factory.mktemp("examples"), ROWS)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "Format-Serving"
    return save_model(folder, reference=REFERENCE)


def check(model_dir, examples, **config):
    return check_model(
        model_dir,
        [examples],
        split=keys.EVAL,
        task=create_task(TASK),
        config=ServingCheckConfig.model_validate(config),
    )


def failed(result):
    return {check.name: check.detail for check in result.checks if not check.passed}


def save_function(folder, answer, *, inputs=(keys.TEXT,), info_from=None):
    """Writes a SavedModel whose answers are those of `answer(text)`."""

    class Model(tf.Module):
        pass

    module = Model()
    spec = {name: tf.TensorSpec([None], tf.string, name) for name in inputs}

    @tf.function
    def serve(**texts):
        return answer(texts[inputs[0]])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, keys.SERIALIZED_EXAMPLES)])
    def serve_examples(examples):
        parse = {keys.TEXT: tf.io.FixedLenFeature([], tf.string)}
        return answer(tf.io.parse_example(examples, parse)[keys.TEXT])

    signatures = {
        keys.SERVING_DEFAULT: serve.get_concrete_function(**spec),
        keys.EXAMPLES_SIGNATURE: serve_examples.get_concrete_function(),
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    if info_from is not None:
        shutil.copytree(info_from / "assets.extra", folder / "assets.extra")
    return folder


def test_a_good_model_passes_every_check(model_dir, examples):
    result = check(model_dir, examples)
    assert result.blessed, failed(result)
    assert [check.name for check in result.checks] == ["loads as on a server", *CHECKS, LATENCY]
    assert result.figures.keys() == {"latency_p50_ms", "latency_p99_ms", "texts_per_second"}
    assert result.summary.startswith("10 checks passed, ")


def test_a_model_that_no_server_loads_fails_the_first_check_and_no_other_is_made(
    tmp_path, examples
):
    result = check(save_model(tmp_path / "jit", jit=True), examples)
    assert [check.name for check in result.checks] == ["loads as on a server"]
    assert "disables XLA" in result.failures[0]


def test_a_model_that_answers_unlike_the_trainers_fails(model_dir, examples, tmp_path):
    folder = shutil.copytree(model_dir, tmp_path / "model")
    path = folder / "assets.extra" / keys.REFERENCE_FILE
    reference = json.loads(path.read_text())
    reference[0]["outputs"][keys.PROBABILITIES] = [0.5, 0.5]
    path.write_text(json.dumps(reference))
    problem = failed(check(folder, examples))
    assert list(problem) == ["answers as the trainer's model did"]
    assert "the largest difference is 0.38; serving_check.tolerance is 0.02" in str(problem)


def test_a_difference_within_the_tolerance_passes(model_dir, examples, tmp_path):
    folder = shutil.copytree(model_dir, tmp_path / "model")
    path = folder / "assets.extra" / keys.REFERENCE_FILE
    reference = json.loads(path.read_text())
    reference[0]["outputs"][keys.PROBABILITIES][0] += 0.01
    path.write_text(json.dumps(reference))
    assert check(folder, examples).blessed
    assert not check(folder, examples, tolerance=0.005).blessed


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "holds no reference.json"),
        ([{"row_id": "gone.tsv:9", "outputs": {"probabilities": [1, 0]}}], "['gone.tsv:9']"),
        ([{"row_id": "train.tsv:2", "outputs": {"score": 1.0}}], "does not give all of ['score']"),
    ],
)
def test_answers_that_cannot_be_compared_fail(model_dir, examples, tmp_path, content, problem):
    folder = shutil.copytree(model_dir, tmp_path / "model")
    path = folder / "assets.extra" / keys.REFERENCE_FILE
    path.unlink() if content is None else path.write_text(json.dumps(content))
    assert problem in failed(check(folder, examples))["answers as the trainer's model did"]


def length_of_batch(text):
    """Answers that depend on the other texts of the batch, as with a wrong padding mask."""
    share = tf.cast(tf.strings.length(text), tf.float32) / tf.cast(
        tf.reduce_max(tf.strings.length(text)) + 1, tf.float32
    )
    return {keys.PROBABILITIES: tf.stack([share, 1 - share], axis=1)}


def not_a_number(text):
    empty = tf.cast(tf.strings.length(text) == 0, tf.float32)
    value = tf.zeros_like(empty) / (1 - empty)
    return {keys.PROBABILITIES: tf.stack([value, 1 - value], axis=1)}


def short_texts_only(text):
    tf.debugging.assert_less(tf.strings.length(text), 1000)
    half = tf.fill([tf.size(text)], 0.5)
    return {keys.PROBABILITIES: tf.stack([half, half], axis=1)}


def no_batch_dimension(text):
    return {keys.PROBABILITIES: tf.constant([[0.5, 0.5]])}


def nothing_for_nothing(text):
    tf.debugging.assert_positive(tf.size(text))
    half = tf.fill([tf.size(text)], 0.5)
    return {keys.PROBABILITIES: tf.stack([half, half], axis=1)}


def beyond_one(text):
    half = tf.fill([tf.size(text)], 1.5)
    return {keys.PROBABILITIES: tf.stack([half, -half + 1], axis=1)}


@pytest.mark.parametrize(
    ("answer", "name", "problem"),
    [
        (length_of_batch, "answers a batch as one by one", "the largest difference is"),
        (not_a_number, "answers hostile texts", "empty: output probabilities holds values that"),
        (short_texts_only, "answers hostile texts", "serving_default failed"),
        (no_batch_dimension, "answers rows of the data", "has the shape (1, 2) for 4 texts"),
        (nothing_for_nothing, "answers an empty batch", "serving_default failed"),
        (beyond_one, "answers rows of the data", "holds values outside 0 to 1"),
    ],
)
def test_a_model_that_breaks_on_some_request_is_found(
    tmp_path, model_dir, examples, answer, name, problem
):
    folder = save_function(tmp_path / "model", answer, info_from=model_dir)
    assert problem in failed(check(folder, examples))[name]


def test_a_model_with_other_inputs_is_found_and_every_check_still_made(
    tmp_path, model_dir, examples
):
    folder = save_function(
        tmp_path / "model", length_of_batch, inputs=("left", "right"), info_from=model_dir
    )
    result = check(folder, examples)
    problem = failed(result)["has the signatures of its task"]
    assert "takes ['left', 'right']; requests carry ['text']" in problem
    assert len(result.checks) == len(CHECKS) + 2


def test_a_model_that_is_too_slow_fails_with_its_figures(model_dir, examples):
    result = check(model_dir, examples, max_latency_ms=1e-6)
    assert list(failed(result)) == [LATENCY]
    assert result.figures["latency_p50_ms"] > 0
    assert result.summary == "1 of 10 checks failed"


def test_a_split_without_rows_fails_and_does_not_raise(model_dir, tmp_path):
    result = check(model_dir, write_examples(tmp_path / "empty", []))
    assert "the split holds no rows to send" in failed(result)["answers rows of the data"]


def test_the_hostile_texts_are_what_they_are_called():
    assert len(HOSTILE_TEXTS["100,000 characters"]) >= 100_000
    assert not HOSTILE_TEXTS["white space"].decode().strip()
    with pytest.raises(UnicodeDecodeError, match="utf-8"):
        HOSTILE_TEXTS["invalid UTF-8"].decode()


@pytest.mark.parametrize(
    ("max_latency_ms", "blessed", "file"),
    [(1000.0, 1, "INFRA_BLESSED"), (1e-6, 0, "INFRA_NOT_BLESSED")],
)
def test_the_blessing_has_the_property_and_file_of_tfx(
    tmp_path, model_dir, examples, max_latency_ms, blessed, file
):
    model, blessing = standard_artifacts.Model(), standard_artifacts.InfraBlessing()
    model.uri, blessing.uri = str(model_dir.parent), str(tmp_path)
    Executor(BaseExecutor.Context()).Do(
        {keys.MODEL: [model], keys.EXAMPLES: [examples]},
        {keys.SERVING_BLESSING: [blessing]},
        {
            "task": json.dumps(TASK),
            "config": ServingCheckConfig(max_latency_ms=max_latency_ms).model_dump_json(),
            "split": keys.EVAL,
            "code_version": "0",
        },
    )
    assert blessing.get_int_custom_property("blessed") == blessed
    assert (tmp_path / file).is_file()
    text = (tmp_path / keys.SERVING_CHECK_FILE).read_text()
    assert ServingCheckResult.model_validate_json(text).blessed == bool(blessed)
    assert np.isfinite(json.loads(text)["checks"][-1]["figures"]["latency_p50_ms"])
