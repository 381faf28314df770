"""Several devices give the weights of one: two CPU devices, and two processes over gRPC."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from models.tokenizer import AlbertTokenizer
from models.training.distribution import cluster_workers, create_strategy, is_chief, shard
from schemas.errors import UserError
from tests.models import tiny_training

SETTINGS = {"steps": 6, "eval_every": 3, "batch_size": 7, "learning_rate": 3e-3}
"""Seven rows do not divide by two, nor 48 rows by seven."""

_TRAIN = """
import json, os, sys
from pathlib import Path
kind, folder, work_dir, vocabulary, result, helpers, settings = sys.argv[1:]
sys.path.insert(0, helpers)
import numpy as np, tensorflow as tf
from models.training.distribution import create_strategy
if kind == "mirrored":
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = create_strategy(kind, os.environ)
assert strategy.num_replicas_in_sync == 2
import tiny_training
model = tiny_training.MODEL.model_copy(update={"classifier_dropout": 0.0})
with strategy.scope():
    candidate = tiny_training.build(Path(vocabulary).read_bytes(), model=model)
summary = tiny_training.run(candidate, folder, work_dir, **json.loads(settings))
served = candidate.in_float32()
assert served.model.distribute_strategy.num_replicas_in_sync == 1
answers = served.predict_function()({"text": tf.constant(tiny_training.TEXTS)})
np.savez(result, *served.model.get_weights(), answers["probabilities"])
Path(result).with_suffix(".json").write_text(summary.model_dump_json())
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory, vocabulary):
    root = tmp_path_factory.mktemp("transformed")
    tokenizer = AlbertTokenizer(vocabulary)
    tiny_training.write_split(root / "train", tiny_training.texts(48), tokenizer)
    tiny_training.write_split(root / "eval", tiny_training.texts(20, seed=1), tokenizer)
    (root / "spiece.model").write_bytes(vocabulary)
    return root


@pytest.fixture(scope="module")
def alone(data, vocabulary, tmp_path_factory):
    """Weights and summary of one process with one device, by accumulation."""

    def train(accumulation):
        model = tiny_training.MODEL.model_copy(update={"classifier_dropout": 0.0})
        candidate = tiny_training.build(vocabulary, model=model)
        work_dir = tmp_path_factory.mktemp("alone")
        settings = {**SETTINGS, "accumulation": accumulation}
        return candidate, tiny_training.run(candidate, data, work_dir, **settings)

    return train


def start(kind, data, work_dir, name, *, tf_config=None, **changes):
    arguments = [kind, data, work_dir, data / "spiece.model", work_dir / f"{name}.npz"]
    helpers = Path(tiny_training.__file__).parent
    settings = json.dumps({**SETTINGS, **changes})
    # The root of the repository, for the tests of the installed package too.
    environ = {**os.environ, "PYTHONPATH": "."}
    if tf_config is not None:
        environ["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, "-c", _TRAIN, *map(str, [*arguments, helpers, settings])],
        cwd=Path(__file__).parents[3],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(*processes):
    try:
        for process in processes:
            _, errors = process.communicate(timeout=200)
            assert process.returncode == 0, errors.decode()
    finally:
        for process in processes:
            process.kill()


def assert_same(result, alone):
    candidate, summary = alone
    with np.load(result) as weights:
        answers = candidate.predict_function()({"text": tf.constant(tiny_training.TEXTS)})
        wanted = [*candidate.model.get_weights(), answers["probabilities"]]
        for name, expected in zip(weights.files, wanted, strict=True):
            np.testing.assert_allclose(weights[name], expected, rtol=0, atol=1e-5)
    told = json.loads(result.with_suffix(".json").read_text())
    for entry, expected in zip(told["history"], summary.history, strict=True):
        assert entry == pytest.approx(expected, abs=1e-5)


def free_ports(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


@pytest.mark.slow
def test_two_devices_of_one_process_give_the_weights_of_one(data, alone, tmp_path):
    finish(start("mirrored", data, tmp_path, "mirrored", accumulation=2))
    assert_same(tmp_path / "mirrored.npz", alone(2))


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one_and_only_the_chief_writes(data, alone, tmp_path):
    # As a TFJob names them; a chief of its own counts as the first.
    cluster = {"chief": ["localhost:%d"], "worker": ["localhost:%d"]}
    ports = free_ports(2)
    cluster = {
        kind: [address % port for address in addresses]
        for (kind, addresses), port in zip(cluster.items(), ports, strict=True)
    }
    finish(
        *(
            start(
                "multi_worker",
                data,
                tmp_path,
                kind,
                tf_config={"cluster": cluster, "task": {"type": kind, "index": 0}},
            )
            for kind in cluster
        )
    )
    for kind in cluster:
        assert_same(tmp_path / f"{kind}.npz", alone(1))
    assert [len(list((tmp_path / "logs" / name).iterdir())) for name in ("train", "dev")] == [1, 1]


def context(pipelines, pipeline, devices):
    return tf.distribute.InputContext(pipelines, pipeline, devices)


@pytest.mark.parametrize(
    ("pipelines", "pipeline", "devices", "expected"),
    [
        pytest.param(1, 0, 2, [([0, 2, 4], [1, 1, 1]), ([1, 3, 0], [1, 1, 0])], id="two here"),
        pytest.param(2, 1, 2, [([1, 3, 0], [1, 1, 0])], id="the second of two processes"),
        pytest.param(2, 1, 4, [([2, 0], [1, 0]), ([3, 0], [1, 0])], id="two of four"),
        pytest.param(1, 0, 8, [([row], [1]) for row in range(5)] + [([0], [0])] * 3, id="idle"),
    ],
)
def test_each_device_gets_its_rows_of_every_batch(pipelines, pipeline, devices, expected):
    rows = tf.range(5)
    batches = tf.data.Dataset.from_tensors(({"ids": tf.stack([rows, rows], axis=1)}, rows))
    parts = shard(batches, context(pipelines, pipeline, devices)).as_numpy_iterator()
    found = []
    for inputs, target, weights in parts:
        assert inputs["ids"].tolist() == [[row, row] for row in target]
        found.append((target.tolist(), weights.tolist()))
    assert found == expected


def tf_config(cluster=None, task=None):
    return {"TF_CONFIG": json.dumps({"cluster": cluster or {}, "task": task})}


@pytest.mark.parametrize(
    ("environ", "workers"),
    [
        pytest.param({}, [], id="unset"),
        pytest.param({"TF_CONFIG": " "}, [], id="empty"),
        pytest.param({"TF_CONFIG": "{}"}, [], id="no cluster"),
        pytest.param(
            tf_config({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 1}),
            ["a:1", "b:1"],
            id="TFJob",
        ),
        pytest.param(
            tf_config({"worker": ["b:1"], "chief": ["a:1"]}, {"type": "chief", "index": 0}),
            ["a:1", "b:1"],
            id="Vertex AI",
        ),
    ],
)
def test_the_processes_that_train_are_those_of_tf_config(environ, workers):
    assert cluster_workers(environ) == workers


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"TF_CONFIG": "{oops"}, r"must be JSON; received '\{oops'.*unset it"),
        ({"TF_CONFIG": "[1]"}, 'must have "cluster"'),
        (tf_config({"worker": "a:1"}), 'must have "cluster", lists of addresses'),
        (tf_config({"worker": ["a:1"], "ps": ["b:1"]}), "no parameter servers.*received 1"),
        (tf_config({"worker": ["a:1"]}), 'must have "task".*received None'),
        (tf_config({"worker": ["a:1"]}, {"type": "worker", "index": 1}), "an index in the cluster"),
        (tf_config({"worker": ["a:1"]}, {"type": "evaluator", "index": 0}), "a type of chief"),
    ],
)
def test_malformed_tf_config_is_refused(environ, message):
    with pytest.raises(UserError, match=message):
        cluster_workers(environ)


def test_several_workers_cannot_be_had_without_tf_config():
    with pytest.raises(UserError, match="two workers or more; received 0"):
        create_strategy("multi_worker", {})


def test_a_cluster_cannot_be_joined_by_a_process_that_has_computed(monkeypatch):
    tf.ones(())  # starts the runtime
    environ = tf_config({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 0})
    monkeypatch.setenv("TF_CONFIG", environ["TF_CONFIG"])
    with pytest.raises(UserError, match=r"before TensorFlow computes.*process of its own"):
        create_strategy("auto", environ)


@pytest.mark.parametrize("requested", ["auto", "none"])
def test_one_device_needs_no_strategy_and_is_its_own_chief(requested):
    strategy = create_strategy(requested, {})
    assert strategy.num_replicas_in_sync == 1
    assert is_chief(strategy)
