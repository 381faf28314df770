"""LAMB as the ALBERT paper uses it, with rates by group of variables."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from models.optimizers.grouped import GroupedUpdates


@keras.saving.register_keras_serializable(package="albert_tfx")
class Lamb(GroupedUpdates, keras.optimizers.Lamb):
    """LAMB (https://arxiv.org/abs/1904.00962), the optimizer that ALBERT was pretrained with.

    Beside `keras.optimizers.Lamb` it has what lamb_optimizer.py of google-research/albert has: the
    weight decay is part of the update whose norm is taken, and biases and LayerNorm are updated
    without regard to norms. It corrects the bias of the moments, as algorithm 2 of the paper does
    and that file does not.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        rule = self.rule(variable)
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        first, second = self._momentums[index], self._velocities[index]
        self.assign_add(first, (gradient - first) * (1.0 - self.beta_1))
        self.assign_add(second, (ops.square(gradient) - second) * (1.0 - self.beta_2))
        step = ops.cast(self.iterations + 1, variable.dtype)
        mean = first / (1.0 - ops.power(ops.cast(self.beta_1, variable.dtype), step))
        square = second / (1.0 - ops.power(ops.cast(self.beta_2, variable.dtype), step))
        update = mean / (ops.sqrt(square) + self.epsilon) + rule.decay * variable
        ratio = _trust_ratio(variable, update) if rule.adapted else 1.0
        rate = ops.cast(learning_rate, variable.dtype) * rule.factor
        self.assign_sub(variable, ratio * rate * update)


def _trust_ratio(variable: Any, update: Any) -> Any:
    """Returns the norm of the weights over that of their update; 1 where one of them is 0."""
    weights, change = (ops.sqrt(ops.sum(ops.square(values))) for values in (variable, update))
    both = ops.logical_and(weights > 0.0, change > 0.0)
    return ops.where(both, weights / ops.where(both, change, 1.0), 1.0)
