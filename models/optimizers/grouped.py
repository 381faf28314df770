"""What AdamW and LAMB have in common here: rates and decay by variable, whole gradients."""

from __future__ import annotations

from typing import Any

import keras

from models.config import RateFactors
from models.optimizers.rules import UpdateRule, update_rules


class GroupedUpdates(keras.optimizers.Optimizer):
    """Mixed into a Keras optimizer, before its class, which then updates by `self.rule(variable)`.

    Keras' own weight decay goes by one rate for all variables; here the decay of a variable follows
    its own rate, so that the factor of a group scales the whole update.
    """

    def __init__(
        self,
        learning_rate: Any,
        *,
        decay: float,
        rate_factors: RateFactors | dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Makes the optimizer.

        Args:
          learning_rate: Peak rate, or a schedule.
          decay: Weight decay, a share of the learning rate.
          rate_factors: Factors of the groups; unset: 1.
          **kwargs: Those of the Keras optimizer, without `weight_decay`.
        """
        super().__init__(learning_rate, **kwargs)
        self.decay = decay
        self.rate_factors = RateFactors.model_validate(rate_factors or {})
        self._rules: list[UpdateRule] = []

    def build(self, variables: list[Any]) -> None:
        """Makes the moments of `variables`, and settles their rules."""
        if self.built:
            return
        super().build(variables)
        self._rules = update_rules(variables, decay=self.decay, factors=self.rate_factors)

    def rule(self, variable: Any) -> UpdateRule:
        """Returns how `variable`, of Keras or of TensorFlow, is updated."""
        return self._rules[self._get_variable_index(variable)]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make this optimizer again."""
        config = super().get_config()
        del config["weight_decay"]
        return config | {"decay": self.decay, "rate_factors": self.rate_factors.model_dump()}

    def _clip_gradients(self, grads: Any) -> Any:
        if keras.config.backend() != "tensorflow" or not self.global_clipnorm:
            return super()._clip_gradients(grads)
        import tensorflow as tf

        # Keras would make the embeddings' sparse gradient dense twice, and write out the squares.
        dense = [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in grads]
        return tf.clip_by_global_norm(dense, self.global_clipnorm)[0]

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        # Keras adds up the replicas' gradients after it has clipped each, and after the check for
        # fp16 overflow: neither would be that of the whole batch. models.training.steps adds them
        # up before.
        return grads_and_vars
