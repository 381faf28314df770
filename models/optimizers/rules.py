"""Which variable learns how fast and decays how much, settled once when an optimizer is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.config import RateFactors
from models.optimizers.groups import factor_of

NOT_DECAYED = ("bias", "gamma", "beta")
"""Names of the variables without weight decay: biases, and the scale and offset of LayerNorm.

Source: `exclude_from_weight_decay` in optimization.py of google-research/albert, in Keras' names.
LAMB also leaves them out of its layer-wise adaptation (`exclude_from_layer_adaptation` there).
"""


@dataclass(frozen=True)
class UpdateRule:
    """How one variable is updated.

    Attributes:
      factor: What the learning rate is multiplied by.
      decay: Weight decay, a share of the variable's own learning rate.
      adapted: Whether LAMB scales its update by the norm of the weights.
    """

    factor: float
    decay: float
    adapted: bool


def update_rules(
    variables: Sequence[Any], *, decay: float, factors: RateFactors
) -> list[UpdateRule]:
    """Returns the rule of each Keras variable, in their order."""
    rules = []
    for variable in variables:
        is_weight = variable.path.rsplit("/", 1)[-1] not in NOT_DECAYED
        rules.append(
            UpdateRule(factor_of(variable, factors), decay if is_weight else 0.0, is_weight)
        )
    return rules
