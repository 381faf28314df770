"""Sequence classification: one text or two, one label of a declared set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from models.tasks.base import FeatureValue, Metric, Recipe, RowValue
from models.tasks.labels import LabelOptions, label_id
from models.tasks.texts import TextOptions, TextTask
from schemas import features as keys

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

_METRICS_MODULE = "models.metrics.classification"


class Options(LabelOptions, TextOptions):
    """The `task` section of a classification config."""

    positive: str | None = Field(
        default=None,
        description="Label whose F1 is measured as f1, such as `1` of MRPC and QQP; unset: none.",
    )
    metric: Literal["accuracy", "mcc", "macro_f1", "f1"] = Field(
        default="accuracy",
        description="What decides: the dev metric by which weights are chosen, and the metric of "
        "the gate's rules where the config gives none; f1 needs `positive`.",
    )

    @field_validator("positive", mode="before")
    @classmethod
    def _as_label(cls, positive: object) -> object:
        """YAML reads 1 as a number, as it does in labels."""
        is_number = isinstance(positive, int) and not isinstance(positive, bool)
        return str(positive) if is_number else positive

    @model_validator(mode="after")
    def _positive_is_a_label(self) -> Self:
        if self.positive is None and self.metric == "f1":
            raise ValueError("metric f1 is that of one label; name it as `positive`")
        if self.positive is not None and self.positive not in self.labels:
            raise ValueError(
                f"positive must be one of {', '.join(self.labels)}; received {self.positive!r}"
            )
        return self


class Classification(TextTask):
    """Says which one of the declared labels a text has, or two texts have together."""

    name = "classification"
    Options = Options
    # Learning rate and batch size of SST-2, whose 20,935 steps are ten passes over 67,349 rows.
    recipe = Recipe(learning_rate=1e-5, batch_size=32, epochs=3.0)
    schema = "classification.pbtxt"
    target = keys.LABEL
    target_features = (keys.LABEL, keys.LABEL_ID)
    baselines = ("majority", "tfidf")

    options: Options

    @property
    def labels(self) -> tuple[str, ...]:
        return self.options.labels

    @property
    def selection_metric(self) -> str:
        return self.options.metric

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        single = problem_type in ("", "single_label_classification")
        return {"labels": list(labels)} if single and heads.get("classifier", 0) > 1 else None

    # --- ingest and transform --------------------------------------------------------------------

    def encode_target(self, value: RowValue) -> dict[str, FeatureValue]:
        label = str(value).strip()
        return {keys.LABEL: label.encode(), keys.LABEL_ID: label_id(label, self.labels)}

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {keys.LABEL_ID: features[keys.LABEL_ID]}

    # --- model -----------------------------------------------------------------------------------

    @property
    def num_outputs(self) -> int:
        return len(self.labels)

    def loss(self) -> keras.losses.Loss:
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def constant_loss(self, targets: Mapping[str, np.ndarray]) -> float:
        """Returns the entropy of the labels, in nats.

        Args:
          targets: `label_id`, int64 `(rows,)`.
        """
        import numpy as np

        label_ids = targets[keys.LABEL_ID]
        shares = np.bincount(label_ids) / len(label_ids)
        return float(-sum(share * np.log(share) for share in shares if share > 0))

    def training_metrics(self) -> list[keras.metrics.Metric]:
        import keras

        from models.training.metrics import F1, MacroF1, MatthewsCorrelation

        others: dict[str, Callable[..., keras.metrics.Metric]]
        others = {"mcc": MatthewsCorrelation, "macro_f1": MacroF1}
        if (positive_id := self._positive_id) is not None:
            others["f1"] = partial(F1, class_id=positive_id)
        decisive = others.get(self.options.metric)
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        if decisive is None:
            return [accuracy]
        return [decisive(self.num_outputs, name=self.options.metric), accuracy]

    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns logits into answers.

        Args:
          logits: float32 `(batch, num_labels)`.

        Returns:
          `label` string `(batch,)`, `probability` float32 `(batch,)`, `probabilities` float32 and
          `labels` string, both `(batch, num_labels)`: TensorFlow Serving's row format needs the
          batch dimension on every output.
        """
        import tensorflow as tf

        probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
        labels = tf.constant(self.labels)
        return {
            keys.PREDICTED_LABEL: tf.gather(labels, tf.argmax(probabilities, axis=-1)),
            keys.PROBABILITY: tf.reduce_max(probabilities, axis=-1),
            keys.PROBABILITIES: probabilities,
            keys.LABELS: tf.broadcast_to(labels, tf.shape(probabilities)),
        }

    # --- evaluation ------------------------------------------------------------------------------

    @property
    def _positive_id(self) -> int | None:
        """Position of the label whose F1 is measured; None where there is none."""
        positive = self.options.positive
        return None if positive is None else self.labels.index(positive)

    def metrics(self) -> tuple[Metric, ...]:
        f1 = Metric("f1", "ClassificationF1", _METRICS_MODULE, {"class_id": self._positive_id})
        every = (
            Metric("accuracy", "ClassificationAccuracy", _METRICS_MODULE),
            Metric("mcc", "ClassificationMatthewsCorrelation", _METRICS_MODULE),
            Metric("macro_f1", "ClassificationMacroF1", _METRICS_MODULE),
            *([] if self.options.positive is None else [f1]),
            Metric("auc", "ClassificationMacroAUC", _METRICS_MODULE),
            Metric(
                "cross_entropy",
                "ClassificationCrossEntropy",
                _METRICS_MODULE,
                higher_is_better=False,
            ),
        )
        return tuple(sorted(every, key=lambda metric: metric.name != self.options.metric))

    @property
    def label_key(self) -> str:
        return keys.LABEL_ID

    @property
    def prediction_key(self) -> str:
        return keys.PROBABILITIES

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.LABEL, *super().slice_keys)


TASK = Classification
