"""What happens beside the training steps: count, record, log, report."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.framework import summary_pb2

from models.training.checkpoint import CheckpointStore
from models.training.plan import TrainingPlan
from models.training.state import TrainingState
from schemas.progress import Progress, report

DEV_PREFIX = "val_"
_REPORTS_PER_SECOND = 5.0
_LOGGED_STEPS = 200


class CountSteps(keras.callbacks.Callback):
    """Counts steps and their time, and ends training after the planned number.

    It stands first of all callbacks, for they read its count.

    Attributes:
      steady_steps: Steps after the first, which is traced and is no measure.
      steady_seconds: Time of those steps, evaluations left out.
    """

    def __init__(self, plan: TrainingPlan, state: TrainingState) -> None:
        super().__init__()
        self.steady_steps = 0
        self.steady_seconds = 0.0
        self._plan = plan
        self._state = state
        self._traced = False
        self._started = 0.0

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._started = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._state.step += 1
        if self._traced:
            self.steady_steps += 1
            self.steady_seconds += time.monotonic() - self._started
        self._traced = True
        if self._state.step >= self._plan.steps:
            self.model.stop_training = True


class KeepCheckpoints(keras.callbacks.Callback):
    """After each evaluation, records it, saves the checkpoint, and may end the run."""

    def __init__(
        self,
        state: TrainingState,
        store: CheckpointStore | None,
        *,
        metric: str,
        higher_is_better: bool,
        patience: int | None = None,
    ) -> None:
        """Makes the callback.

        Args:
          state: Of the run.
          store: Where to save; None in a process that leaves it to another.
          metric: Training metric that decides.
          higher_is_better: Its direction.
          patience: Evaluations without a better one after which the run ends; None: never.
        """
        super().__init__()
        self._state = state
        self._store = store
        self._metric = f"{DEV_PREFIX}{metric}"
        self._higher_is_better = higher_is_better
        self._patience = patience
        self._since = 0.0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._since = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        values = dict(logs or {})
        now = time.monotonic()
        self._state.seconds += now - self._since
        self._since = now
        self._state.record(
            values, score=values[self._metric], higher_is_better=self._higher_is_better
        )
        if self._patience and self._state.evaluations_since_best() >= self._patience:
            self._state.stopped_early = True
            self.model.stop_training = True
        if self._store is not None:
            self._store.save(self.model, self._state)


class LogToTensorBoard(keras.callbacks.Callback):
    """Writes scalars for TensorBoard: of training some 200 times a run, of dev at each evaluation.

    Keras' own callback counts epochs, which here are the stretches between evaluations, and needs
    the tensorboard package.
    """

    def __init__(self, directory: str, plan: TrainingPlan, state: TrainingState) -> None:
        super().__init__()
        self._state = state
        self._every = max(1, plan.steps // _LOGGED_STEPS)
        self._train = tf.summary.create_file_writer(f"{directory}/train")
        self._dev = tf.summary.create_file_writer(f"{directory}/dev")

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._state.step % self._every == 0:
            rate = float(self.model.optimizer.learning_rate)
            _write_scalars(self._train, {**(logs or {}), "learning_rate": rate}, self._state.step)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        _write_scalars(self._dev, logs or {}, self._state.step)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._train.close()
        self._dev.close()


class ReportProgress(keras.callbacks.Callback):
    """Tells whoever listens how far training is, five times a second at most."""

    def __init__(self, plan: TrainingPlan, state: TrainingState, *, metric: str, name: str) -> None:
        super().__init__()
        self._plan = plan
        self._state = state
        self._name = name
        self._shown = ("loss", metric)
        self._last = -math.inf

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._report({})

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        is_last = self._state.step >= self._plan.steps
        if is_last or time.monotonic() - self._last >= 1.0 / _REPORTS_PER_SECOND:
            self._report(logs or {})

    def _report(self, logs: Mapping[str, Any]) -> None:
        self._last = time.monotonic()
        figures = {name: float(logs[name]) for name in self._shown if name in logs}
        report(Progress(self._name, self._state.step, self._plan.steps, figures))


def _write_scalars(writer: Any, values: Mapping[str, Any], step: int) -> None:
    # tf.summary.scalar would do, but from TensorFlow 2.20 on it needs the tensorboard package.
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"),
        data_class=summary_pb2.DATA_CLASS_SCALAR,
    )
    with writer.as_default():
        for name, value in values.items():
            tf.summary.write(name, tf.constant(value, tf.float32), step=step, metadata=metadata)
