"""Training on several devices: which there are, who writes, and which rows each one gets.

Every process reads all rows in the same order and takes its part of each batch. So a batch is the
same set of rows whatever the number of devices, and so are the weights, up to rounding.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from schemas.errors import UserError

TF_CONFIG = "TF_CONFIG"
"""Variable in which Vertex AI and Kubeflow's TFJob tell a process of its cluster."""

_TRAINERS = ("chief", "worker")

_log = logging.getLogger(__name__)
_as_it_is = tf.autograph.experimental.do_not_convert


def create_strategy(requested: str, environ: Mapping[str, str]) -> tf.distribute.Strategy:
    """Returns the strategy under whose scope a model is to be made.

    It must be asked for before TensorFlow has computed anything: only then can it join a cluster.

    Args:
      requested: The config's `train.distribution`.
      environ: The environment of the process.

    Raises:
      UserError: If TF_CONFIG is malformed, or missing for "multi_worker", or if it is too late.
    """
    workers = cluster_workers(environ) if requested in ("auto", "multi_worker") else []
    if len(workers) > 1:
        _log.info("distribution multi_worker: %d workers", len(workers))
        return _join_cluster()
    if requested == "multi_worker":
        raise UserError(
            "train.distribution multi_worker needs TF_CONFIG with two workers or more; received "
            f"{len(workers)}; start the workers with a TFJob or a Vertex AI worker pool, or set it "
            "to auto"
        )
    gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
    if requested == "mirrored" or (requested == "auto" and len(gpus) > 1):
        devices = gpus or [device.name for device in tf.config.list_logical_devices("CPU")]
        _log.info("distribution mirrored: %s", ", ".join(devices))
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.get_strategy()


def cluster_workers(environ: Mapping[str, str]) -> list[str]:
    """Returns the addresses of the processes that train, the chief first; none without TF_CONFIG.

    >>> cluster_workers({"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}, '
    ...                               '"task": {"type": "worker", "index": 0}}'})
    ['a:1', 'b:1']

    Raises:
      UserError: If it is malformed, or has parameter servers.
    """
    text = environ.get(TF_CONFIG, "")
    if not text.strip():
        return []
    try:
        config = json.loads(text)
    except ValueError as error:
        raise UserError(
            f"TF_CONFIG must be JSON; received {text!r}: {error}; unset it to train on one host"
        ) from error
    cluster = config.get("cluster", {}) if isinstance(config, dict) else None
    if not isinstance(cluster, dict) or not all(map(_is_addresses, cluster.values())):
        raise UserError(
            'TF_CONFIG must have "cluster", lists of addresses by type of task; received '
            f"{text}; unset it to train on one host"
        )
    if "ps" in cluster:
        raise UserError(
            "TF_CONFIG must have no parameter servers: every worker holds the whole model; "
            f"received {len(cluster['ps'])} of them; start chief and worker replicas only"
        )
    workers = [address for kind in _TRAINERS for address in cluster.get(kind, [])]
    if workers:
        _check_task(config.get("task"), cluster)
    return workers


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes checkpoints, records and the model."""
    resolver = strategy.cluster_resolver
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) or resolver is None:
        return True
    has_chief = bool(resolver.cluster_spec().as_dict().get("chief"))
    return resolver.task_type == "chief" or (not has_chief and resolver.task_id == 0)


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when every process has come to this call, such as the chief after writing."""
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        arrived = strategy.run(lambda: tf.ones(()))
        strategy.reduce(tf.distribute.ReduceOp.SUM, arrived, axis=None).numpy()


def check_same_step(strategy: tf.distribute.Strategy, step: int) -> None:
    """Checks that every process goes on from the same step.

    Raises:
      UserError: If one has not found the checkpoint of the others.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    steps = strategy.run(lambda: tf.constant(step, tf.int64))
    total = int(strategy.reduce(tf.distribute.ReduceOp.SUM, steps, axis=None))
    if total != step * strategy.num_replicas_in_sync:
        raise UserError(
            "every worker must see the checkpoints of the chief; this one would go on from step "
            f"{step} and others from another; set output to a folder that all of them share, such "
            "as a bucket"
        )


def distribute(
    strategy: tf.distribute.Strategy, make_batches: Callable[[], tf.data.Dataset]
) -> Any:
    """Returns batches of which each device gets its part; as they are where there is one device.

    Args:
      strategy: Knows the devices.
      make_batches: Gives pairs of inputs and target, without an end or to be repeated.
    """
    if strategy.num_replicas_in_sync == 1:
        return make_batches()

    @_as_it_is
    def parts(context: tf.distribute.InputContext) -> tf.data.Dataset:
        # Told that there is no end, TensorFlow does not ask all processes before each batch.
        return shard(make_batches().repeat(), context).apply(
            tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        )

    return strategy.distribute_datasets_from_function(parts)


def shard(batches: tf.data.Dataset, context: tf.distribute.InputContext) -> tf.data.Dataset:
    """Cuts every batch into one part for each device of this process.

    Device i of n gets rows i, i + n, i + 2n, ... and all get equally many, for which the first row
    may be given once more, with the weight 0.

    Args:
      batches: Pairs of inputs and target, tensors `(batch, ...)`.
      context: Says which of all devices are this process's.

    Returns:
      Triples of inputs, target and weight, float32 `(ceil(batch / devices),)`.
    """
    devices = context.num_replicas_in_sync
    local = devices // context.num_input_pipelines
    first = context.input_pipeline_id * local

    @_as_it_is
    def cut(inputs: Any, target: Any) -> tf.data.Dataset:
        rows = tf.shape(tf.nest.flatten(target)[0])[0]
        index = tf.range(-(-rows // devices) * devices)
        # (devices, rows of each), and of these the devices here
        index = tf.transpose(tf.reshape(index, [-1, devices]))[first : first + local]
        counted = index < rows
        chosen = tf.where(counted, index, 0)
        taken = tf.nest.map_structure(lambda values: tf.gather(values, chosen), (inputs, target))
        return tf.data.Dataset.from_tensor_slices((*taken, tf.cast(counted, tf.float32)))

    # A pair is given as two arguments, which TensorFlow's types do not say.
    return batches.flat_map(cut)  # pyright: ignore[reportArgumentType]


def _join_cluster() -> tf.distribute.Strategy:
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise UserError(
            "several workers must be joined before TensorFlow computes anything in the process; "
            f"{error}; run the Trainer in a process of its own, or set train.distribution to none"
        ) from error


def _is_addresses(addresses: Any) -> bool:
    return isinstance(addresses, list) and all(isinstance(address, str) for address in addresses)


def _check_task(task: Any, cluster: Mapping[str, Sequence[str]]) -> None:
    kind = task.get("type") if isinstance(task, dict) else None
    index = task.get("index") if isinstance(task, dict) else None
    if kind in _TRAINERS and isinstance(index, int) and 0 <= index < len(cluster.get(kind, [])):
        return
    raise UserError(
        'TF_CONFIG must have "task", with a type of chief or worker and an index in the cluster; '
        f"received {task}; unset TF_CONFIG to train on one host"
    )
