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
            self.assign_sub(variable, variable * rate * rule.decay)
        super().update_step(gradient, variable, rate)
