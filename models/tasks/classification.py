"""Sequence classification: one text, one label of a declared set."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator

from models.tasks.base import FeatureValue, Metric, Recipe, RowError, Task
from schemas import features as keys
from schemas.errors import UserError
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer

_LENGTH_BUCKETS = (8, 16, 32, 64, 128)
_LABELS_SHOWN = 20
_METRICS_MODULE = "models.metrics.classification"


class Options(Section):
    """The `task` section of a classification config."""

    labels: Annotated[tuple[str, ...], Field(min_length=2)] = Field(
        description="Every label there is, in the order of the served probabilities."
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _as_text(cls, labels: object) -> object:
        """YAML reads 0 and 1 as numbers, and yes and no as truth values; a file has text."""
        if not isinstance(labels, list | tuple):
            return labels
        if truths := [label for label in labels if isinstance(label, bool)]:
            raise ValueError(f"labels must be text; received {truths}; put them in quotes in YAML")
        return [str(label) for label in labels]

    @field_validator("labels")
    @classmethod
    def _unique(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError(f"labels must be unique; received {list(labels)}")
        if any(label != label.strip() or not label for label in labels):
            raise ValueError(
                f"labels must have text and no space around them; received {list(labels)}"
            )
        return labels


class Classification(Task):
    """Says which one of the declared labels a text has."""

    name = "classification"
    Options = Options
    # Learning rate and batch size of SST-2, whose 20,935 steps are ten passes over 67,349 rows.
    recipe = Recipe(learning_rate=1e-5, batch_size=32, epochs=3.0)
    schema = "classification.pbtxt"
    columns = (keys.TEXT, keys.LABEL)
    required_columns = (keys.TEXT, keys.LABEL)
    baselines = ("majority", "tfidf")
    selection_metric = "accuracy"
    weights_heads: ClassVar = {"logits": "classifier"}

    options: Options

    @property
    def labels(self) -> tuple[str, ...]:
        return self.options.labels

    # --- ingest ----------------------------------------------------------------------------------

    def encode_row(self, row: Mapping[str, Any]) -> dict[str, FeatureValue]:
        """Turns one row into features; further columns are kept, to slice the evaluation by.

        Args:
          row: Column text by role; the label may be missing where nothing is learned from the row.

        Raises:
          RowError: If the text is empty or the label undeclared.
          UserError: If a column has the name of a feature that is made here.
        """
        text = row.get(keys.TEXT, "")
        num_words = len(text.split())
        if not num_words:
            raise RowError("empty_text", "the text must hold a character that is no white space")
        made: dict[str, FeatureValue] = {
            keys.TEXT: text.encode(),
            keys.LENGTH_BUCKET: length_bucket(num_words).encode(),
        }
        if keys.LABEL in row:
            label = row[keys.LABEL].strip()
            if label not in self.labels:
                declared = ", ".join(self.labels[:_LABELS_SHOWN])
                raise RowError(
                    "unknown_label", f"the label must be one of {declared}; received {label!r}"
                )
            made |= {keys.LABEL: label.encode(), keys.LABEL_ID: self.labels.index(label)}
        extra = {role: value.encode() for role, value in row.items() if role not in self.columns}
        if reserved := sorted({keys.LABEL_ID, keys.LENGTH_BUCKET, keys.ROW_ID} & extra.keys()):
            raise UserError(
                "columns must not be named as features that are made here; received "
                f"{reserved}; rename them"
            )
        return extra | made

    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the text without regard to case, width and white space."""
        text = features[keys.TEXT]
        if not isinstance(text, bytes):
            raise TypeError(f"the text feature must be bytes; received {type(text).__name__}")
        return " ".join(
            unicodedata.normalize("NFKC", text.decode(errors="replace")).casefold().split()
        )

    # --- transform and serving -------------------------------------------------------------------

    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf

        return {keys.TEXT: tf.TensorSpec([None], tf.string, name=keys.TEXT)}

    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        from models.packing import pack

        return pack(
            tokenizer(features[keys.TEXT]),
            cls_id=tokenizer.cls_id,
            sep_id=tokenizer.sep_id,
            max_length=max_length,
        )

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {keys.LABEL_ID: features[keys.LABEL_ID]}

    # --- model -----------------------------------------------------------------------------------

    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Puts dropout and a dense layer on the pooled output, as google-research/albert does.

        Returns:
          A model to logits, float32 `(batch, num_labels)`.
        """
        import keras

        pooled = backbone(backbone.input, pooled_only=True)["pooled_output"]
        dropped = keras.layers.Dropout(dropout, seed=seed, name="classifier_dropout")(pooled)
        logits = keras.layers.Dense(
            len(self.labels),
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02, seed=seed),
            dtype="float32",
            name="logits",
        )(dropped)
        return keras.Model(backbone.input, logits, name=self.name)

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

        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

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

    def metrics(self) -> tuple[Metric, ...]:
        return (
            Metric("accuracy", "ClassificationAccuracy", _METRICS_MODULE),
            Metric("mcc", "ClassificationMatthewsCorrelation", _METRICS_MODULE),
            Metric("macro_f1", "ClassificationMacroF1", _METRICS_MODULE),
            Metric("auc", "ClassificationMacroAUC", _METRICS_MODULE),
            Metric(
                "cross_entropy",
                "ClassificationCrossEntropy",
                _METRICS_MODULE,
                higher_is_better=False,
            ),
        )

    @property
    def label_key(self) -> str:
        return keys.LABEL_ID

    @property
    def prediction_key(self) -> str:
        return keys.PROBABILITIES

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.LABEL, keys.LENGTH_BUCKET)


def length_bucket(num_words: int) -> str:
    """Returns the range of lengths that a text of `num_words` words falls in.

    >>> length_bucket(9)
    '9-16'
    >>> length_bucket(400)
    '129+'
    """
    first = 1
    for last in _LENGTH_BUCKETS:
        if num_words <= last:
            return f"{first}-{last}"
        first = last + 1
    return f"{first}+"


TASK = Classification
