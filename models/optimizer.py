"""The optimizer of the ALBERT paper: AdamW with a linear warm-up and a linear decay."""

from typing import Any

import keras

NOT_DECAYED = ("bias", "gamma", "beta")
"""Names of the variables without weight decay: biases, and the scale and offset of LayerNorm.

Source: `exclude_from_weight_decay` in optimization.py of google-research/albert, in Keras' names.
"""


@keras.saving.register_keras_serializable(package="albert_tfx")
class WarmupLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to the peak in `warmup_steps` updates, then falls to 0 after `total_steps`.

    The first update already moves the weights, and the last one still does.
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        """Makes the schedule.

        Args:
          peak: Learning rate of the update after the warm-up.
          warmup_steps: Updates in which the rate rises; 0 for none.
          total_steps: Updates in all.

        Raises:
          ValueError: If the warm-up is negative or not shorter than the whole.
        """
        if not 0 <= warmup_steps < total_steps:
            raise ValueError(
                f"warmup_steps must be from 0 to total_steps - 1; received "
                f"warmup_steps={warmup_steps}, total_steps={total_steps}; lower the warm-up"
            )
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: Any) -> Any:
        """Returns the learning rate of update `step`, counted from 0, a float32 scalar."""
        step = keras.ops.cast(step, "float32")
        rising = (step + 1.0) / max(self.warmup_steps, 1)
        falling = (self.total_steps - step) / (self.total_steps - self.warmup_steps)
        return self.peak * keras.ops.clip(keras.ops.minimum(rising, falling), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


def create_optimizer(
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    *,
    weight_decay: float,
    clip_norm: float,
) -> keras.optimizers.Optimizer:
    """Makes AdamW with the constants of the paper (https://arxiv.org/abs/1909.11942, appendix A.3).

    Unlike the original it corrects the bias of the moments, as every AdamW of today does; the
    difference fades within the warm-up.

    Args:
      learning_rate: Peak rate, or a schedule.
      weight_decay: Decoupled decay, a share of the learning rate.
      clip_norm: Global norm that gradients are clipped to.
    """
    optimizer = keras.optimizers.AdamW(
        learning_rate,
        weight_decay=weight_decay,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-6,
        global_clipnorm=clip_norm,
    )
    # Matched with the name of a Keras variable ("bias") or of its tf.Variable (".../bias:0").
    optimizer.exclude_from_weight_decay(var_names=[rf"(^|/){name}(:\d+)?$" for name in NOT_DECAYED])
    return optimizer
