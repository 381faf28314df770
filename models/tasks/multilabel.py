"""Multi-label classification: one text or two, any number of labels of a declared set.

A task of its own beside classification: target, head's loss, answers, metrics, baselines and schema
all differ, and only the texts and the declared labels are shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from models.tasks.base import FeatureValue, Metric, Recipe, RowError, RowValue
from models.tasks.labels import LabelOptions, label_id
from models.tasks.texts import TextOptions, TextTask
from schemas import features as keys

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

_METRICS_MODULE = "models.metrics.multilabel"
_BITS = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}


class Options(LabelOptions, TextOptions):
    """The `task` section of a multi-label config."""

    separator: Annotated[str, Field(min_length=1)] = Field(
        default="|", description="Stands between the labels of a row; space around them is ignored."
    )
    threshold: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        default=0.5, description="Least probability of a label that is chosen."
    )


class MultiLabel(TextTask):
    """Says which of the declared labels a text has, or two texts have together: none or several."""

    name = "multilabel"
    Options = Options
    # As classification: the paper has no such task.
    recipe = Recipe(learning_rate=1e-5, batch_size=32, epochs=3.0)
    schema = "multilabel.pbtxt"
    target = keys.LABEL
    target_features = (keys.LABEL, keys.LABEL_VECTOR)
    structured_columns = (keys.LABEL,)
    baselines = ("frequency", "tfidf_one_vs_rest")
    selection_metric = "micro_f1"
    problem_type = "multi_label_classification"

    options: Options

    @property
    def labels(self) -> tuple[str, ...]:
        return self.options.labels

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        several = problem_type == cls.problem_type and "classifier" in heads
        return {"labels": list(labels)} if several else None

    # --- ingest and transform --------------------------------------------------------------------

    def encode_target(self, value: RowValue) -> dict[str, FeatureValue]:
        """Turns labels, joined by the separator or in a list, into features; an empty text is none.

        As many 0 and 1 as there are labels say of each, in the declared order, whether it is one.

        Raises:
          RowError: If a label is undeclared, or given twice.
        """
        if isinstance(value, dict):
            message = f"the labels must be a text or a list; received {value!r:.100}"
            raise RowError("invalid_value", message)
        parts = value.split(self.options.separator) if isinstance(value, str) else value
        given = self._by_name([label for part in parts if (label := str(part).strip())])
        ids = [label_id(label, self.labels) for label in given]
        if len(set(ids)) != len(ids):
            raise RowError("repeated_label", f"a row must have a label once; received {given}")
        return {
            keys.LABEL: [self.labels[index].encode() for index in sorted(ids)],
            keys.LABEL_VECTOR: [int(index in ids) for index in range(len(self.labels))],
        }

    def _by_name(self, given: list[str]) -> list[str]:
        """Returns the labels that a vector has; labels that are no vector as they are."""
        is_vector = len(given) == len(self.labels) and set(given) <= _BITS.keys()
        if not is_vector or _BITS.keys() & set(self.labels):
            return given
        return [label for label, bit in zip(self.labels, given, strict=True) if _BITS[bit]]

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        vectors = tf.reshape(features[keys.LABEL_VECTOR], [-1, len(self.labels)])
        return {keys.LABEL_VECTOR: tf.cast(vectors, tf.float32)}

    def target_spec(self) -> dict[str, Any]:
        import tensorflow as tf

        return {keys.LABEL_VECTOR: tf.io.FixedLenFeature([len(self.labels)], tf.int64)}

    # --- model -----------------------------------------------------------------------------------

    @property
    def num_outputs(self) -> int:
        return len(self.labels)

    def loss(self) -> keras.losses.Loss:
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)

    def constant_loss(self, targets: Mapping[str, np.ndarray]) -> float:
        """Returns the mean entropy of having each label or not, in nats.

        Args:
          targets: `label_vector`, float32 `(rows, num_labels)`.
        """
        import numpy as np

        shares = targets[keys.LABEL_VECTOR].mean(axis=0, dtype=np.float64)
        either = np.stack([shares, 1 - shares])
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(either > 0, either * np.log(either), 0.0)
        return float(-terms.sum(axis=0).mean())

    def training_metrics(self) -> list[keras.metrics.Metric]:
        from models.training.metrics import MicroF1

        return [MicroF1(self.options.threshold, name="micro_f1")]

    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns logits into answers.

        Args:
          logits: float32 `(batch, num_labels)`.

        Returns:
          `chosen`, string: the labels at or above the threshold, the most probable first, and empty
          texts after them; `probabilities` float32 and `labels` string in the declared order. All
          are `(batch, num_labels)`, whatever the rows of a request are.
        """
        import tensorflow as tf

        probabilities = tf.sigmoid(tf.cast(logits, tf.float32))
        labels = tf.constant(self.labels)
        order = tf.argsort(probabilities, direction="DESCENDING", stable=True)
        chosen = tf.gather(probabilities, order, batch_dims=1) >= self.options.threshold
        return {
            keys.CHOSEN: tf.where(chosen, tf.gather(labels, order), ""),
            keys.PROBABILITIES: probabilities,
            keys.LABELS: tf.broadcast_to(labels, tf.shape(probabilities)),
        }

    # --- evaluation ------------------------------------------------------------------------------

    def metrics(self) -> tuple[Metric, ...]:
        config = {"threshold": self.options.threshold}
        return (
            Metric("micro_f1", "MultiLabelMicroF1", _METRICS_MODULE, config),
            Metric("macro_f1", "MultiLabelMacroF1", _METRICS_MODULE, config),
            Metric("exact_match", "MultiLabelExactMatch", _METRICS_MODULE, config),
            Metric("auc", "MultiLabelMacroAUC", _METRICS_MODULE, config),
        )

    @property
    def label_key(self) -> str:
        return keys.LABEL_VECTOR

    @property
    def prediction_key(self) -> str:
        return keys.PROBABILITIES

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.LABEL, *super().slice_keys)


TASK = MultiLabel
