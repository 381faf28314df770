"""Our side of the training benchmark: the project's backbone, optimizer, batches and Keras' `fit`.

On JAX, which a GPU machine may have without TensorFlow, it needs models/albert and nothing else
of the project; rows are then of one length, and the optimizer is Keras' own.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.training.workload import (
    CLIP_NORM,
    LEARNING_RATE,
    PRODUCT_SIZE,
    SIZES,
    VOCABULARY_SIZE,
    WEIGHT_DECAY,
    Workload,
    best_rate,
    spread,
)
from benchmarks.worker import answer
from models.albert import AlbertBackbone

INPUTS = ("token_ids", "segment_ids", "padding_mask")


class Clock(keras.callbacks.Callback):
    """Measures from the first step on: what `fit` sets up before is paid once a training."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 0:
            self.start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == self.params["steps"] - 1:
            float(logs["loss"])  # waits for a GPU
            self.seconds = time.perf_counter() - self.start


def main() -> None:
    """Answers requests for the workload whose file is the only argument."""
    workload = Workload.read(sys.argv[1])
    if workload.limit_gib:
        # Of the data segment: what is allocated, not what is only mapped, as libraries are.
        resource.setrlimit(resource.RLIMIT_DATA, (workload.limit_gib << 30,) * 2)
    model = _model(workload)
    on_tensorflow = keras.config.backend() == "tensorflow"
    epoch = _project_batches(workload) if on_tensorflow else _plain_batches(workload)
    masks = [np.asarray(x["padding_mask"]) for x, _ in epoch]
    chosen = spread([mask.shape[1] for mask in masks], workload.steps)
    batches, masks = ([made[place] for place in chosen] for made in (epoch, masks))

    def measure() -> dict[str, float]:
        clock = Clock()
        model.fit(
            (batch for batch in cycle(batches)),  # Keras takes generators only
            steps_per_epoch=len(batches),
            shuffle=False,
            verbose=0,
            callbacks=[clock],
        )
        return {
            "seconds": clock.seconds,
            "tokens": sum(int(np.sum(mask)) for mask in masks),
            "padded": sum(int(np.size(mask)) for mask in masks),
            "peak_gib": _peak_bytes() / 2**30,
        }

    # XLA compiles anew for every length; a training of several epochs hardly notices it.
    if workload.steps > 1:
        measure()
    ready = {"versions": _versions(), "product_flops": _product_rate(), "gpu": _device_name()}
    answer(measure, ready | {"backend": keras.config.backend()})


def _model(workload: Workload) -> keras.Model:
    """Returns a compiled classifier on the backbone."""
    backbone = AlbertBackbone(
        vocabulary_size=VOCABULARY_SIZE,
        embedding_dim=128,
        dtype="mixed_bfloat16",
        gradient_checkpointing=workload.checkpointing,
        **SIZES[workload.size],
    )
    pooled = backbone(backbone.input, pooled_only=True)["pooled_output"]
    logits = keras.layers.Dense(2, dtype="float32")(pooled)
    model = keras.Model(backbone.input, logits)
    model.compile(
        _optimizer(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=keras.config.backend() == "jax",
    )
    return model


def _optimizer() -> keras.optimizers.Optimizer:
    """Returns the project's AdamW, or Keras' own where TensorFlow may be missing."""
    if keras.config.backend() != "tensorflow":
        return keras.optimizers.AdamW(
            LEARNING_RATE, weight_decay=WEIGHT_DECAY, epsilon=1e-6, global_clipnorm=CLIP_NORM
        )
    from models.optimizers.create import create_optimizer

    return create_optimizer(LEARNING_RATE, weight_decay=WEIGHT_DECAY, clip_norm=CLIP_NORM)


def _project_batches(workload: Workload) -> list[Any]:
    """Returns an epoch of the project's batches of rows written as tf.Transform writes them."""
    import tensorflow as tf

    from models.batching import TransformedSplit
    from models.tasks import create_task

    spec = {
        "token_ids": tf.io.VarLenFeature(tf.int64),
        "segment_ids": tf.io.VarLenFeature(tf.int64),
        "label_id": tf.io.FixedLenFeature([], tf.int64),
        "row_id": tf.io.FixedLenFeature([], tf.string),
    }
    task = create_task({"name": "classification", "labels": ["0", "1"]})
    with tempfile.TemporaryDirectory(prefix="benchmark-rows-") as folder:
        path = str(Path(folder, "rows.gz"))
        _write_rows(workload, path)
        split = TransformedSplit([path], spec, task)
        epoch = split.measure(workload.batch_size)
        return list(split.training_batches(epoch, seed=0).take(epoch.batches))


def _write_rows(workload: Workload, path: str) -> None:
    import tensorflow as tf

    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for number, (ids, label) in enumerate(workload.rows):
            example = tf.train.Example()
            feature = example.features.feature
            feature["token_ids"].int64_list.value.extend(ids)
            feature["segment_ids"].int64_list.value.extend([0] * len(ids))
            feature["label_id"].int64_list.value.append(label)
            feature["row_id"].bytes_list.value.append(str(number).encode())
            writer.write(example.SerializeToString())


def _plain_batches(workload: Workload) -> list[Any]:
    """Returns an epoch of batches of rows that are all of one length."""
    ids = np.array([ids for ids, _ in workload.rows], "int32")
    labels = np.array([label for _, label in workload.rows], "int32")
    starts = range(0, len(ids) - workload.batch_size + 1, workload.batch_size)
    places = [slice(start, start + workload.batch_size) for start in starts]
    values = (ids, np.zeros_like(ids), np.ones_like(ids))
    return [
        ({name: value[rows] for name, value in zip(INPUTS, values, strict=True)}, labels[rows])
        for rows in places
    ]


def _product_rate() -> float:
    shape = (PRODUCT_SIZE, PRODUCT_SIZE)
    a, b = (keras.random.normal(shape, dtype="bfloat16", seed=seed) for seed in (1, 2))

    def multiply(count: int) -> np.ndarray:
        for _ in range(count):
            product = keras.ops.matmul(a, b)
        return np.asarray(keras.ops.cast(product[0, 0], "float32"))

    return best_rate(multiply)


def _peak_bytes() -> int:
    """Returns the peak of the tensors on a GPU; without one, of the process."""
    if keras.config.backend() == "jax":
        import jax

        counted = jax.local_devices()[0].memory_stats()  # a CPU counts nothing
        if counted:
            return counted["peak_bytes_in_use"]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _device_name() -> str:
    """Returns what the driver calls the GPU that JAX computes on; empty without one."""
    if keras.config.backend() != "jax":
        return ""
    import jax

    device = jax.local_devices()[0]
    return "" if device.platform == "cpu" else device.device_kind


def _versions() -> str:
    backend = keras.config.backend()
    version = __import__(backend).__version__
    return f"albert-tfx, Keras {keras.__version__} on {backend} {version}"


if __name__ == "__main__":
    main()
