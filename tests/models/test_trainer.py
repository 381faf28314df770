"""What the Trainer components of a pipeline leave: the candidate and both baselines."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras_hub
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers the ops of the tokenizer
from tfx.components.trainer.fn_args_utils import FnArgs

from models.backbone import create_backbone
from models.candidate import PRESET_VOCABULARY_FILE, TASK_WEIGHTS_FILE
from models.config import ModelConfig
from models.trainer import checkpoint_dir, run_fn
from schemas import features as keys
from schemas.model_info import read_model_info
from schemas.progress import listening
from serving.served_graph import graph_problems
from tests.models.tiny_training import MODEL, TASK, build
from tests.models.trained_pipeline import DATA, ROWS, TRAIN, artifact, run_pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("pipeline")
    run_pipeline(root)
    return root


def ask(root, node):
    """Returns the answers of a node's model to the eval rows."""
    model = tf.saved_model.load(str(artifact(root, node, "model") / "Format-Serving"))
    text = tf.constant([text for text, _ in ROWS[keys.EVAL]])
    answered = model.signatures[keys.SERVING_DEFAULT](text=text)
    return {name: value.numpy() for name, value in answered.items()}


@pytest.mark.parametrize(
    ("node", "name", "max_length"),
    [
        ("candidate", "albert", MODEL.max_length),
        ("majority", "majority", None),
        ("tfidf", "tfidf", None),
    ],
)
def test_every_model_says_what_it_is(root, node, name, max_length):
    info = read_model_info(artifact(root, node, "model") / "Format-Serving")
    assert (info.name, info.max_length, info.task) == (name, max_length, "classification")
    assert info.labels == tuple(TASK["labels"])
    assert (info.code_version, info.data) == ("c0de", DATA)


@pytest.mark.parametrize("node", ["candidate", "majority", "tfidf"])
def test_every_model_has_the_same_signatures_and_can_be_served(root, node):
    folder = artifact(root, node, "model") / "Format-Serving"
    assert graph_problems(folder) == []
    signatures = tf.saved_model.load(str(folder)).signatures
    assert set(signatures) == {keys.SERVING_DEFAULT, keys.EXAMPLES_SIGNATURE}
    for signature in signatures.values():
        assert set(signature.structured_outputs) == {
            keys.PREDICTED_LABEL,
            keys.PROBABILITY,
            keys.PROBABILITIES,
            keys.LABELS,
        }


def test_majority_answers_the_most_frequent_label(root):
    labels = [label for _, label in ROWS[keys.TRAIN]]
    expected = TASK["labels"][int(np.bincount(labels).argmax())].encode()
    assert set(ask(root, "majority")[keys.PREDICTED_LABEL]) == {expected}


def test_tfidf_has_learnt(root):
    expected = [TASK["labels"][label].encode() for _, label in ROWS[keys.EVAL]]
    assert np.mean(ask(root, "tfidf")[keys.PREDICTED_LABEL] == expected) > 0.6


def test_served_answers_to_text_are_the_trainers_to_transformed_rows(root):
    folder = artifact(root, "candidate", "model") / "Format-Serving"
    reference = json.loads((folder / "assets.extra" / keys.REFERENCE_FILE).read_text("utf-8"))
    served = ask(root, "candidate")[keys.PROBABILITIES]
    assert len(reference) == 32
    for row in reference:
        index = int(row["row_id"].removeprefix("eval.tsv:"))
        np.testing.assert_allclose(row["outputs"][keys.PROBABILITIES], served[index], atol=1e-5)


def test_run_is_recorded(root):
    record = json.loads(
        (artifact(root, "candidate", "model_run") / keys.TRAINING_SUMMARY_FILE).read_text("utf-8")
    )
    assert (record["steps"], record["batch_size"], record["resumed_from_step"]) == (6, 16, 0)
    assert [entry["step"] for entry in record["history"]] == [3.0, 6.0]


def test_checkpoints_are_removed_after_success(root):
    assert list((root / "checkpoints").iterdir()) == []


def test_a_later_run_can_start_from_the_trained_backbone(root):
    preset = artifact(root, "candidate", "model") / "preset"
    saved = keras_hub.models.AlbertBackbone.from_preset(str(preset))
    started = create_backbone(
        ModelConfig(weights=str(preset), max_length=24), saved.vocabulary_size
    )
    for weights, expected in zip(started.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, expected)


def test_a_later_run_can_go_on_with_the_same_task(root):
    model_dir = artifact(root, "candidate", "model")
    again = build((model_dir / "preset" / PRESET_VOCABULARY_FILE).read_bytes())
    again.model.load_weights(str(model_dir / "preset" / TASK_WEIGHTS_FILE))
    inputs = {keys.TEXT: tf.constant([text for text, _ in ROWS[keys.EVAL]])}
    np.testing.assert_allclose(
        again.predict_function()(inputs)[keys.PROBABILITIES],
        ask(root, "candidate")[keys.PROBABILITIES],
        atol=1e-5,
    )


_KILLED_RUN = """
import json, math, os, signal, sys
from tfx.components.trainer.fn_args_utils import FnArgs
from models.trainer import run_fn
from models.training import callbacks
from schemas.progress import listening

callbacks._REPORTS_PER_SECOND = math.inf

def kill(progress):
    if progress.work == "training, seed 2 of 2" and progress.done == 4:
        os.kill(os.getpid(), signal.SIGKILL)

with listening(kill):
    run_fn(FnArgs(**json.loads(sys.argv[1])))
"""


def seeds_arguments(root, work_dir):
    """Returns the arguments of a run over two seeds, which leaves everything in `work_dir`."""
    examples = artifact(root, "TextTransform", "transformed_examples")
    return {
        "train_files": [f"{examples}/Split-train/*"],
        "eval_files": [f"{examples}/Split-eval/*"],
        "transform_output": str(artifact(root, "TextTransform", keys.TRANSFORM_GRAPH)),
        "serving_model_dir": str(work_dir / "model" / "Format-Serving"),
        "model_run_dir": str(work_dir / "run"),
        "custom_config": {
            "task": TASK,
            "model": MODEL.model_dump(mode="json"),
            "train": TRAIN | {"seeds": [0, 1]},
            "checkpoint_root": str(work_dir / "checkpoints"),
            "code_version": "c0de",
            "data": DATA,
        },
    }


def results(work_dir):
    """Returns the figures of every seed, and the kept model's answers to the first eval rows."""
    record = json.loads((work_dir / "run" / keys.TRAINING_SUMMARY_FILE).read_text("utf-8"))
    seeds = [{**seed, "seconds": None} for seed in record["seeds"]]
    assets = work_dir / "model" / "Format-Serving" / "assets.extra"
    return record["seed"], seeds, json.loads((assets / keys.REFERENCE_FILE).read_text("utf-8"))


def test_a_run_killed_in_its_second_seed_goes_on_there(root, tmp_path):
    whole, killed = (seeds_arguments(root, tmp_path / name) for name in ("whole", "killed"))
    run_fn(FnArgs(**whole))
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED_RUN, json.dumps(killed)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert not (tmp_path / "killed" / "model").exists()
    reported = []
    with listening(reported.append):
        run_fn(FnArgs(**killed))
    assert {progress.work for progress in reported} == {"training, seed 2 of 2"}
    assert min(progress.done for progress in reported) == 3  # of the last checkpoint
    assert results(tmp_path / "killed") == results(tmp_path / "whole")


def arguments(**custom_config):
    return SimpleNamespace(
        custom_config={"checkpoint_root": "/checkpoints", "train": {"seeds": [0]}} | custom_config,
        train_files=["/examples/1/Split-train/*"],
        transform_output="/transform_graph/2",
    )


def test_checkpoints_are_found_again_for_the_same_run():
    assert checkpoint_dir(arguments()) == checkpoint_dir(arguments())
    assert checkpoint_dir(arguments()).startswith("/checkpoints/")


@pytest.mark.parametrize("change", [{"train": {"seeds": [1]}}, {"code_version": "2"}, {"data": {}}])
def test_checkpoints_of_another_run_are_not_used(change):
    assert checkpoint_dir(arguments(**change)) != checkpoint_dir(arguments())
