"""AdamW with rates by group of variables."""

from __future__ import annotations

from typing import Any

import keras

from models.optimizers.grouped import GroupedUpdates


@keras.saving.register_keras_serializable(package="albert_tfx")
class AdamW(GroupedUpdates, keras.optimizers.Adam):
    """Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101).

    Unlike the original ALBERT it corrects the bias of the moments, as every AdamW of today does;
    the difference fades within the warm-up.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        rule = self.rule(variable)
        rate = learning_rate * rule.factor
        if rule.decay:
            self.assign_sub(variable, variable * (rate * rule.decay))
        if keras.config.backend() == "tensorflow" and not self.amsgrad:
            self._update_in_one_pass(gradient, variable, rate)
        else:
            super().update_step(gradient, variable, rate)

    def _update_in_one_pass(self, gradient: Any, variable: Any, rate: Any) -> None:
        """Does as Keras' Adam, which is a dozen passes over memory, by TensorFlow's one op."""
        import tensorflow as tf

        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
