import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.candidate import Candidate
from models.tokenizer import AlbertTokenizer
from models.training.checkpoint import CheckpointStore
from models.training.state import TrainingState
from models.training.summary import TrainingSummary
from schemas.errors import AlbertTfxError
from schemas.progress import Progress, listening
from tests.models import tiny_training
from tests.models.tiny_training import build, run, texts, write_split

SETTINGS = {"steps": 25, "eval_every": 10, "learning_rate": 3e-3}
"""Evaluations at steps 10, 20 and 25, more than one epoch of 20 batches; dropout is on."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, vocabulary):
    root = tmp_path_factory.mktemp("transformed")
    tokenizer = AlbertTokenizer(vocabulary)
    write_split(root / "train", texts(160), tokenizer)
    write_split(root / "eval", texts(40, seed=1), tokenizer)
    return root


class Whole(NamedTuple):
    """An uninterrupted run."""

    candidate: Candidate
    summary: TrainingSummary
    work_dir: Path
    reports: list[Progress]
    traced: list[str]


@pytest.fixture(scope="module")
def whole(folder, vocabulary, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp("whole")
    candidate, reports, traced = build(vocabulary), [], []
    for name in ("train_step", "test_step"):
        setattr(candidate.model, name, noting(traced, name, getattr(candidate.model, name)))
    with listening(reports.append):
        summary = run(candidate, folder, work_dir, **SETTINGS)
    return Whole(candidate, summary, work_dir, reports, traced)


def noting(traced, name, step):
    """Wraps a step of a Keras model so that each tracing of it is noted."""

    def wrapped(data):
        traced.append(name)
        return step(data)

    return wrapped


def assert_same_weights(model, other):
    for weights, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-6)


def test_runs_exactly_the_planned_steps_and_evaluates_between_and_at_the_end(whole):
    summary = whole.summary
    assert summary.steps == 25
    assert summary.epochs == 1.25
    assert [entry["step"] for entry in summary.history] == [10.0, 20.0, 25.0]
    assert set(summary.history[0]) == {"step", "loss", "accuracy", "val_loss", "val_accuracy"}


def test_learns(whole):
    history = whole.summary.history
    assert history[-1]["loss"] < history[0]["loss"]


def test_training_and_evaluation_are_traced_once_for_all_shapes(whole):
    assert whole.traced == ["train_step", "test_step"]


def test_leaves_the_model_with_its_best_weights(whole, folder):
    dev = tiny_training.open_split(folder / "eval")
    scores = whole.candidate.model.evaluate(
        dev.evaluation_batches(dev.measure(8)), verbose=0, return_dict=True
    )
    best = max(entry["val_accuracy"] for entry in whole.summary.history)
    assert whole.summary.best_score == pytest.approx(best)
    assert scores["accuracy"] == pytest.approx(best)


def test_same_seed_gives_the_same_weights(whole, folder, vocabulary, tmp_path):
    again = build(vocabulary)
    run(again, folder, tmp_path, **SETTINGS)
    assert_same_weights(again.model, whole.candidate.model)


_KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from typing import NamedTuple
folder, work_dir, vocabulary, step, helpers, *settings = sys.argv[1:]
sys.path.insert(0, helpers)
from schemas.progress import listening
import json, math
from models.training import callbacks
import tiny_training

callbacks._REPORTS_PER_SECOND = math.inf

def kill(progress):
    if progress.done >= int(step):
        os.kill(os.getpid(), signal.SIGKILL)

candidate = tiny_training.build(Path(vocabulary).read_bytes())
with listening(kill):
    tiny_training.run(candidate, folder, work_dir, **json.loads(settings[0]))
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_weights_of_an_uninterrupted_one(
    whole, folder, vocabulary, tmp_path
):
    (tmp_path / "spiece.model").write_bytes(vocabulary)
    helpers = str(Path(tiny_training.__file__).parent)
    arguments = [folder, tmp_path, tmp_path / "spiece.model", 13, helpers, json.dumps(SETTINGS)]
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_RUN, *map(str, arguments)],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    resumed = build(vocabulary)
    summary = run(resumed, folder, tmp_path, **SETTINGS)
    assert summary.resumed_from_step == 10
    assert [entry["step"] for entry in summary.history] == [10.0, 20.0, 25.0]
    assert_same_weights(resumed.model, whole.candidate.model)


def test_a_run_killed_after_its_last_step_trains_no_further(whole, folder, vocabulary):
    again = build(vocabulary)
    summary = run(again, folder, whole.work_dir, **SETTINGS)
    assert (summary.resumed_from_step, summary.steps) == (25, 25)
    assert summary.steps_per_second is None
    assert_same_weights(again.model, whole.candidate.model)


def test_reports_progress_with_figures(whole):
    reports = whole.reports
    assert {report.work for report in reports} == {"training"}
    assert [(report.done, report.total) for report in (reports[0], reports[-1])] == [
        (0, 25),
        (25, 25),
    ]
    assert set(reports[-1].figures) == {"loss", "accuracy"}


def test_tensorboard_gets_losses_metrics_and_the_learning_rate(whole):
    def scalars(name):
        (path,) = (whole.work_dir / "logs" / name).iterdir()
        return {
            (value.tag, event.step): float(tf.make_ndarray(value.tensor))
            for event in tf.compat.v1.train.summary_iterator(str(path))
            for value in event.summary.value
        }

    train, dev = scalars("train"), scalars("dev")
    assert {tag for tag, _ in train} == {"loss", "accuracy", "learning_rate"}
    assert sorted({step for _, step in train}) == list(range(1, 26))
    assert sorted({step for _, step in dev}) == [10, 20, 25]
    assert dev["accuracy", 20] == pytest.approx(whole.summary.history[1]["val_accuracy"])
    assert train["learning_rate", 25] == pytest.approx(0.0)


def test_stops_when_the_loss_is_no_number_and_keeps_the_weights_before(
    folder, vocabulary, tmp_path, monkeypatch
):
    candidate = build(vocabulary)
    kernel = candidate.model.get_layer("logits").kernel

    def poison(progress):
        if progress.done == 15:
            kernel.assign(keras.ops.full(kernel.shape, math.nan))

    monkeypatch.setattr("models.training.callbacks._REPORTS_PER_SECOND", math.inf)
    expected = (
        r"it became nan at step 16 of 25; lower train.learning_rate \(0.003\).*of step 10, are in"
    )
    with listening(poison), pytest.raises(AlbertTfxError, match=expected):
        run(candidate, folder, tmp_path, **SETTINGS)
    store = CheckpointStore(f"{tmp_path}/checkpoints")
    store.restore_best(candidate.model, TrainingState(best_step=10))
    assert all(np.isfinite(weights).all() for weights in candidate.model.get_weights())


def test_a_loss_that_is_infinite_before_any_evaluation_says_so(folder, vocabulary, tmp_path):
    candidate = build(vocabulary)
    kernel = candidate.model.get_layer("logits").kernel
    kernel.assign(keras.ops.full(kernel.shape, math.inf))
    with pytest.raises(AlbertTfxError, match=r"at step 1 of 25.*no evaluation yet"):
        run(candidate, folder, tmp_path, **SETTINGS)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_trains_in_16_bits_with_float32_variables_and_scales_the_loss_of_fp16(
    folder, vocabulary, tmp_path, precision
):
    candidate = build(vocabulary, precision=precision)
    summary = run(candidate, folder, tmp_path, precision=precision, steps=6, eval_every=3)
    assert summary.history[-1]["loss"] < 1.3
    assert {variable.dtype for variable in candidate.model.trainable_variables} == {"float32"}
    assert candidate.model.output.dtype == "float32"
    scaled = isinstance(candidate.model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (precision == "mixed_float16")


def test_stops_early_when_dev_no_longer_improves(folder, vocabulary, tmp_path):
    candidate = build(vocabulary)
    settings = {"steps": 40, "eval_every": 4, "learning_rate": 1e-9, "early_stopping": 2}
    summary = run(candidate, folder, tmp_path, **settings)
    assert (summary.steps, summary.planned_steps, summary.best_step) == (12, 40, 4)
    again = run(build(vocabulary), folder, tmp_path, **settings)
    assert (again.resumed_from_step, again.steps) == (12, 12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"optimizer": "lamb", "accumulation": 2}, {"precision": "mixed_float16"}]
)
def test_a_stopped_run_goes_on_to_the_same_weights_with(
    settings, folder, vocabulary, tmp_path, monkeypatch
):
    settings = {"steps": 6, "eval_every": 3, **settings}
    precision = settings.get("precision", "float32")
    whole = build(vocabulary, precision=precision)
    run(whole, folder, tmp_path / "whole", **settings)

    def stop(progress):
        if progress.done == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("models.training.callbacks._REPORTS_PER_SECOND", math.inf)
    with listening(stop), pytest.raises(KeyboardInterrupt):
        run(build(vocabulary, precision=precision), folder, tmp_path / "stopped", **settings)
    resumed = build(vocabulary, precision=precision)
    summary = run(resumed, folder, tmp_path / "stopped", **settings)
    assert summary.resumed_from_step == 3
    assert_same_weights(resumed.model, whole.model)


def test_a_frozen_group_keeps_its_weights(folder, vocabulary, tmp_path):
    candidate = build(vocabulary)
    layer = candidate.backbone.get_layer("token_embedding")
    before = layer.get_weights()
    run(candidate, folder, tmp_path, steps=2, rate_factors={"embeddings": 0.0})
    for weights, expected in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, expected)


def test_a_rate_that_is_far_too_high_is_told_once_the_loss_has_been_stuck(
    folder, vocabulary, tmp_path
):
    settings = {"steps": 220, "eval_every": 20, "learning_rate": 1.0}
    expected = (
        r"training loss must fall below 1\.\d+, .* at step 140 of 220.*lower train.learning_rate "
        r"\(1\).*the best weights, of step \d+, are in"
    )
    with pytest.raises(AlbertTfxError, match=expected):
        run(build(vocabulary), folder, tmp_path, **settings)
