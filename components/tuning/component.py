"""TFX's Tuner with a record of every trial."""

from tfx import components
from tfx.dsl.components.base import executor_spec

from components.tuning.executor import Executor


class Tuner(components.Tuner):
    """Finds hyperparameters for the Trainer.

    Outputs:
      best_hyperparameters: Those of the best trial, for the Trainer.
      tuner_results: Every trial: TFX's `tuner_results.json`, and `trials.json` with those that
        failed, steps and times.
    """

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
