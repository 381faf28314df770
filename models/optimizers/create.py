"""Makes the optimizer that a config names, with the constants of the ALBERT paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.config import RateFactors
from models.optimizers.adamw import AdamW
from models.optimizers.lamb import Lamb
from models.recipes import OptimizerName

if TYPE_CHECKING:
    import keras

_CLASSES = {"adamw": AdamW, "lamb": Lamb}


def create_optimizer(
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    *,
    name: OptimizerName = "adamw",
    weight_decay: float,
    clip_norm: float,
    rate_factors: RateFactors | None = None,
) -> keras.optimizers.Optimizer:
    """Makes an optimizer as optimization.py of google-research/albert does.

    Args:
      learning_rate: Peak rate, or a schedule.
      name: Which one.
      weight_decay: Decay of all but biases and LayerNorm, a share of the learning rate.
      clip_norm: Global norm that gradients are clipped to.
      rate_factors: Factors of the groups; unset: 1.
    """
    return _CLASSES[name](
        learning_rate,
        decay=weight_decay,
        rate_factors=rate_factors,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-6,
        global_clipnorm=clip_norm,
    )
