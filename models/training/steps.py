"""The steps that Keras' `fit` cannot take: over several batches, and over several devices.

Keras accumulates gradients inside the optimizer, where the learning rate counts batches and not
updates, and where nothing can be added up across devices, which do not meet inside a condition. Its
steps on several devices clip each device's gradients before they are added up, and weight a device
with few rows like one with many. Here an update is one step, and its gradient the mean over all of
its rows, wherever and however many at a time they were computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

_as_it_is = tf.autograph.experimental.do_not_convert


class TrainStep:
    """One optimizer step: takes batches from an iterator, and returns the metrics so far.

    `keras.Model.fit` calls it in the place of its own `train_function`.
    """

    def __init__(
        self, model: keras.Model, *, accumulation: int, strategy: tf.distribute.Strategy
    ) -> None:
        """Makes the step of a compiled model with a built optimizer.

        Args:
          model: Its variables were made under `strategy`.
          accumulation: Batches of a step.
          strategy: Knows the devices.
        """
        self._model = model
        self._strategy = strategy
        self._accumulation = accumulation
        self._variables = list(model.trainable_variables)
        self._sums: list[tf.Variable] = []
        if accumulation > 1:
            with self._strategy.scope():
                self._sums = [_sum_of(variable.shape) for variable in self._variables]
                self._sums.append(_sum_of(()))
        self._accumulate = tf.function(self._accumulate_batch, reduce_retracing=True)
        self._finish = tf.function(self._finish_step, reduce_retracing=True)

    def __call__(self, iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
        """Returns the training metrics since they were last reset."""
        for _ in range(self._accumulation - 1):
            self._accumulate(iterator)
        return self._finish(iterator)

    @_as_it_is
    def _accumulate_batch(self, iterator: Any) -> None:
        self._strategy.run(self._add, args=(next(iterator),))

    @_as_it_is
    def _finish_step(self, iterator: Any) -> dict[str, tf.Tensor]:
        self._strategy.run(self._update, args=(next(iterator),))
        return self._model.get_metrics_result()

    def _add(self, batch: Any) -> None:
        for total, value in zip(self._sums, self._gradient_sums(batch), strict=True):
            total.assign_add(value)

    def _update(self, batch: Any) -> None:
        values = self._gradient_sums(batch)
        if self._sums:
            values = [
                total.read_value() + value for total, value in zip(self._sums, values, strict=True)
            ]
        replicas = tf.distribute.get_replica_context()
        *sums, rows = replicas.all_reduce(tf.distribute.ReduceOp.SUM, values)
        # After the whole values are known: they are read before they are cleared.
        with tf.control_dependencies([rows]):
            for total in self._sums:
                total.assign(tf.zeros_like(total))
        gradients = [value / rows for value in sums]
        self._model.optimizer.apply(gradients, self._variables)

    def _gradient_sums(self, batch: Any) -> list[tf.Tensor]:
        """Returns the gradients of the rows' losses, added up, and the number of rows."""
        inputs, target, weights = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape() as tape:
            outputs = self._model(inputs, training=True)
            loss = mean_loss(self._model, inputs, target, outputs, weights)
            scaled = self._model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, [variable.value for variable in self._variables])
        computed, counted = row_counts(outputs, weights)
        update_metrics(self._model, loss, inputs, target, outputs, weights)
        # A variable that this batch does not reach has no gradient; Keras' fit would warn of it.
        return [
            *(
                tf.zeros(variable.shape)
                if gradient is None
                else tf.convert_to_tensor(gradient) * computed
                for gradient, variable in zip(gradients, self._variables, strict=True)
            ),
            counted,
        ]


class TestStep:
    """One batch of an evaluation, in the place of Keras' `test_function`."""

    __test__ = False  # for pytest

    def __init__(self, model: keras.Model, *, strategy: tf.distribute.Strategy) -> None:
        self._model = model
        self._strategy = strategy
        self._run = tf.function(self._evaluate, reduce_retracing=True)

    def __call__(self, iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
        """Returns the metrics since they were last reset."""
        return self._run(iterator)

    @_as_it_is
    def _evaluate(self, iterator: Any) -> dict[str, tf.Tensor]:
        self._strategy.run(self._evaluate_rows, args=(next(iterator),))
        return self._model.get_metrics_result()

    def _evaluate_rows(self, batch: Any) -> None:
        inputs, target, weights = keras.utils.unpack_x_y_sample_weight(batch)
        outputs = self._model(inputs, training=False)
        loss = mean_loss(self._model, inputs, target, outputs, weights)
        update_metrics(self._model, loss, inputs, target, outputs, weights)


def mean_loss(model: keras.Model, inputs: Any, target: Any, outputs: Any, weights: Any) -> Any:
    """Returns the loss of this device's rows: the sum over the rows divided by their number.

    Keras divides it by the number of devices, for gradients that are added up as they are.
    """
    loss = model.compute_loss(inputs, target, outputs, weights, training=True)
    return loss * tf.distribute.get_strategy().num_replicas_in_sync


def row_counts(outputs: Any, weights: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns how many rows were computed, and how many of them count, float32 scalars."""
    rows = tf.cast(tf.shape(tf.nest.flatten(outputs)[0])[0], tf.float32)
    return rows, rows if weights is None else tf.reduce_sum(weights)


def update_metrics(
    model: keras.Model, loss: Any, inputs: Any, target: Any, outputs: Any, weights: Any
) -> None:
    """Adds a batch to the metrics of `model`."""
    computed, counted = row_counts(outputs, weights)
    for metric in model.metrics:
        if metric.name == "loss":
            metric.update_state(tf.math.divide_no_nan(loss * computed, counted), counted)
    model.compute_metrics(inputs, target, outputs, weights)


def install_steps(
    model: keras.Model, *, accumulation: int, strategy: tf.distribute.Strategy
) -> None:
    """Makes `fit` and `evaluate` of a compiled model take these steps, where Keras' do not do."""
    if strategy.num_replicas_in_sync > 1:
        model.test_function = TestStep(model, strategy=strategy)
    elif accumulation == 1:
        return
    model.train_function = TrainStep(model, accumulation=accumulation, strategy=strategy)


def _sum_of(shape: Sequence[int]) -> tf.Variable:
    """Makes a sum that every device keeps for itself."""
    return tf.Variable(
        tf.zeros(shape),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
