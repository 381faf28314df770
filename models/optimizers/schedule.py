"""The learning rate of a run: a linear warm-up, then a linear decay."""

from typing import Any

import keras


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
