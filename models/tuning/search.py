"""KerasTuner over the project's own training loop: trials that a killed search goes on from.

KerasTuner writes the state of a search after every trial. A search that was killed gives the trial
that was under way its values again, and that trial goes on from its own checkpoint.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
import tensorflow as tf
from keras_tuner.engine import base_tuner
from keras_tuner.errors import FailedTrialError, FatalError

from models.training.summary import TrainingSummary
from models.tuning.config import TuneConfig
from models.tuning.record import TrialRecord, TuningRecord
from models.tuning.space import search_space
from schemas.errors import AlbertTfxError, UserError
from schemas.features import TRAINING_SUMMARY_FILE
from schemas.progress import Progress, report, reporting_as

_HYPERBAND_UNITS = 9
"""A trial of the last round has all steps, which is nine of these; the first has one at least."""

Train = Callable[[Mapping[str, Any], float, str], TrainingSummary]
"""From values by path, the share of the steps to train, and a folder, to what training did."""


class TrialTuner(base_tuner.BaseTuner):
    """A KerasTuner whose trials are trainings of this project.

    Attributes:
      config: The `train.tune` section.
    """

    def __init__(
        self,
        config: TuneConfig,
        train: Train,
        *,
        metric: str,
        higher_is_better: bool,
        directory: str,
    ) -> None:
        """Makes the tuner, with the trials that are in `directory` already.

        Args:
          config: What to search and how.
          train: Runs one trial.
          metric: Dev metric of the scores.
          higher_is_better: Its direction.
          directory: Folder of this search and no other.
        """
        self.config = config
        self._train = train
        objective = keras_tuner.Objective(metric, "max" if higher_is_better else "min")
        parent, name = os.path.split(directory)
        super().__init__(_oracle(config, objective), directory=parent, project_name=name)

    def on_search_begin(self) -> None:
        """Writes the state, without which KerasTuner would start over after a kill in trial 1."""
        self.save()

    def run_trial(self, trial: Any, *fit_args: Any, **fit_kwargs: Any) -> dict[str, float]:
        """Trains with the values of a trial and returns its score by the metric's name."""
        values = trial.hyperparameters.values
        share = values.get("tuner/epochs", _HYPERBAND_UNITS) / _HYPERBAND_UNITS
        try:
            with reporting_as(f"trial {_number(trial)} of {self.config.trials}"):
                report(Progress("starting", 0))
                summary = self._train(values, share, self.get_trial_dir(trial.trial_id))
        except UserError as error:
            raise FatalError(str(error)) from error
        except (AlbertTfxError, tf.errors.ResourceExhaustedError) as error:
            # These values do not train (the loss became infinite) or fit the memory; others may.
            raise FailedTrialError(str(error)) from error
        except Exception as error:  # KerasTuner would only note it, and go on with the next trial
            raise FatalError(f"{type(error).__name__}: {error}") from error
        if summary.best_score is None:
            raise FailedTrialError("the trial ended without an evaluation; raise its steps")
        summary.write(self.get_trial_dir(trial.trial_id))
        return {self.oracle.objective.name: summary.best_score}

    def record(self) -> TuningRecord:
        """Returns what the search has found.

        Raises:
          AlbertTfxError: If no trial has a score.
        """
        trials = sorted(self.oracle.trials.values(), key=_number)
        (best,) = self.oracle.get_best_trials(1)
        if best.status != "COMPLETED":
            raise AlbertTfxError(
                f"one trial of train.tune must have a score at least; all {len(trials)} failed, "
                f"the last with: {_reason(trials[-1])}; change train.tune.ranges"
            )
        return TuningRecord(
            algorithm=self.config.algorithm,
            metric=self.oracle.objective.name,
            higher_is_better=self.oracle.objective.direction == "max",
            best=_number(best),
            trials=tuple(self._record_of(trial) for trial in trials),
        )

    def _record_of(self, trial: Any) -> TrialRecord:
        values = {
            path: value
            for path, value in trial.hyperparameters.values.items()
            if not path.startswith("tuner/")
        }
        if trial.status != "COMPLETED":
            return TrialRecord(
                number=_number(trial), status="failed", values=values, message=_reason(trial)
            )
        path = os.path.join(self.get_trial_dir(trial.trial_id), TRAINING_SUMMARY_FILE)
        with tf.io.gfile.GFile(path, "r") as stream:
            summary = TrainingSummary.model_validate_json(stream.read())
        return TrialRecord(
            number=_number(trial),
            status="completed",
            values=values,
            score=trial.score,
            steps=summary.steps,
            seconds=summary.seconds,
        )


def trial_steps(planned: int, *, max_steps: int | None, share: float) -> int:
    """Returns the steps of a trial.

    >>> trial_steps(900, max_steps=300, share=1 / 3)
    100

    Args:
      planned: Steps of a training with the trial's values.
      max_steps: Steps of a trial at most.
      share: What hyperband gives this trial of them.
    """
    return math.ceil(round(min(planned, max_steps or planned) * share, 6))


def _oracle(config: TuneConfig, objective: keras_tuner.Objective) -> keras_tuner.Oracle:
    common: dict[str, Any] = {
        "objective": objective,
        "hyperparameters": search_space(config.ranges),
        "allow_new_entries": False,
        "tune_new_entries": False,
        "seed": config.seed + 1,  # KerasTuner takes 0 for "draw one"
        # That all have failed is told by `TrialTuner.record`.
        "max_consecutive_failed_trials": config.trials + 1,
    }
    if config.algorithm == "hyperband":
        oracle = keras_tuner.oracles.HyperbandOracle(max_epochs=_HYPERBAND_UNITS, **common)
        oracle.max_trials = config.trials
        return oracle
    classes = {
        "random": keras_tuner.oracles.RandomSearchOracle,
        "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    }
    return classes[config.algorithm](max_trials=config.trials, **common)


def _number(trial: Any) -> int:
    return int(trial.trial_id) + 1


def _reason(trial: Any) -> str:
    """Returns the last line of the traceback that KerasTuner keeps, without the error's class."""
    last = (trial.message or "").strip().splitlines()[-1:]
    return last[0].removeprefix("keras_tuner.src.errors.FailedTrialError: ") if last else ""
