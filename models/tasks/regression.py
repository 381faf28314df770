"""Regression: a score for one text, or for two together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator
from typing_extensions import Self

from models.tasks.base import FeatureValue, Metric, Recipe, RowError, RowValue
from models.tasks.texts import TextOptions, TextTask
from schemas import features as keys

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

_METRICS_MODULE = "models.metrics.regression"


class Options(TextOptions):
    """The `task` section of a regression config."""

    lowest: float | None = Field(
        default=None, description="Least score of the scale; rows below it are rejected."
    )
    highest: float | None = Field(
        default=None, description="Greatest score of the scale; rows above it are rejected."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError(
                f"lowest must be less than highest; received {self.lowest:g} and {self.highest:g}"
            )
        return self


class Regression(TextTask):
    """Gives a text, or two texts together, a score on a scale.

    The scale is that of the training rows: answers are not cut to it.
    """

    name = "regression"
    Options = Options
    # Learning rate and batch size of STS-B, whose 3,598 steps are ten passes over 5,749 rows.
    recipe = Recipe(learning_rate=2e-5, batch_size=16, epochs=10.0)
    schema = "regression.pbtxt"
    target = keys.SCORE
    target_features = (keys.SCORE,)
    baselines = ("mean", "tfidf_ridge")
    selection_metric = "pearson"
    problem_type = "regression"

    options: Options

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        del labels
        # transformers too takes one output without a `problem_type` for a score.
        score = problem_type in ("", cls.problem_type) and heads.get("classifier") == 1
        return {} if score else None

    # --- ingest and transform --------------------------------------------------------------------

    def encode_target(self, value: RowValue) -> dict[str, FeatureValue]:
        try:
            score = float(str(value))
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise RowError("invalid_score", f"the score must be a number; received {value!r}")
        lowest, highest = self.options.lowest, self.options.highest
        if (lowest is not None and score < lowest) or (highest is not None and score > highest):
            raise RowError(
                "score_range",
                f"the score must be {_range(lowest, highest)}; received {score:g}; "
                "correct it, or task.lowest and task.highest",
            )
        return {keys.SCORE: score}

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {keys.SCORE: features[keys.SCORE]}

    def target_spec(self) -> dict[str, Any]:
        import tensorflow as tf

        return {keys.SCORE: tf.io.FixedLenFeature([], tf.float32)}

    # --- model -----------------------------------------------------------------------------------

    @property
    def num_outputs(self) -> int:
        return 1

    def loss(self) -> keras.losses.Loss:
        import keras

        return keras.losses.MeanSquaredError()

    def constant_loss(self, targets: Mapping[str, np.ndarray]) -> float:
        """Returns the variance of the scores: the squared error of their mean.

        Args:
          targets: `score`, float32 `(rows,)`.
        """
        import numpy as np

        return float(np.var(targets[keys.SCORE].astype(np.float64)))

    def training_metrics(self) -> list[keras.metrics.Metric]:
        from models.training.metrics import PearsonCorrelation

        return [PearsonCorrelation(name="pearson")]

    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns the model's output into answers.

        Args:
          logits: float32 `(batch, 1)`.

        Returns:
          `score`, float32 `(batch,)`.
        """
        import tensorflow as tf

        return {keys.SCORE: tf.squeeze(tf.cast(logits, tf.float32), axis=-1)}

    # --- evaluation ------------------------------------------------------------------------------

    def metrics(self) -> tuple[Metric, ...]:
        return (
            Metric("pearson", "RegressionPearson", _METRICS_MODULE),
            Metric("spearman", "RegressionSpearman", _METRICS_MODULE),
            Metric("mse", "RegressionMeanSquaredError", _METRICS_MODULE, higher_is_better=False),
        )

    @property
    def label_key(self) -> str:
        return keys.SCORE

    @property
    def prediction_key(self) -> str:
        return keys.SCORE


def _range(lowest: float | None, highest: float | None) -> str:
    """Returns the scale in words.

    >>> _range(0.0, 5.0), _range(None, 1.0)
    ('at least 0 and at most 5', 'at most 1')
    """
    bounds = (("at least", lowest), ("at most", highest))
    return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


TASK = Regression
