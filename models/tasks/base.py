"""The task contract: everything in which one task differs from another, behind one interface.

A task module is imported by the command line to check a config, so it imports TensorFlow and Keras
inside the functions that need them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from models.plan.sequences import CountPieces, RowSequences, packed_length
from models.recipes import Recipe
from schemas import features as keys
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer

RowValue = str | list[Any] | dict[str, Any]
"""What a file has in one column of a row: text, or lists and objects of texts, as in JSON."""

FeatureValue = bytes | int | float | Sequence[bytes] | Sequence[int] | Sequence[float]

Features = Mapping[str, Any]
"""Tensors by feature name: `(batch,)` or `(batch, ...)`, tf.RaggedTensor where rows differ."""

PaddedModel = Callable[[Mapping[str, Any]], Any]
"""Padded model inputs by name to the model's float32 outputs."""


class RowError(ValueError):
    """A row of the input that cannot be used.

    Attributes:
      reason: Short constant name of the rule that it breaks, counted by ingest ("unknown_label").
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Metric:
    """A metric of the task, known by one name in training, in TFMA, in thresholds and in reports.

    Attributes:
      name: Name in thresholds and reports.
      class_name: Class of the TFMA metric.
      module: Module of that class.
      config: Arguments of that class.
      higher_is_better: Direction of improvement.
    """

    name: str
    class_name: str
    module: str = "tensorflow_model_analysis.metrics"
    config: Mapping[str, Any] | None = None
    higher_is_better: bool = True


class Task(ABC):
    """One kind of problem, from a row of a file to a decoded answer.

    Attributes:
      name: Name in the config, equal to the module's.
      Options: The keys that the task takes under `task:` beside `name`.
      recipe: Fine-tuning defaults.
      schema: File name of the curated schema in schemas/.
      schema_parts: Further files there, whose features are added to it.
      formats: Names of the file formats that it reads; the first that claims a file's ending is
        taken where the config names none.
      columns: Roles that columns of an input file can have, required ones first.
      required_columns: Roles that a training file must have.
      structured_columns: Roles whose value may be a list or an object; all others are text.
      baselines: Names of the baselines, each a function of models.baselines.
      selection_metric: Training metric by which the best weights are chosen.
      weights_heads: By layer of its model, the name that models.weights.heads has for it as a head
        of checkpoints; a layer that is not in it is not saved beside the backbone.
      problem_type: transformers' `problem_type` of the head `classifier`; empty: none.
      first_token_only: Whether the model takes the backbone's pooled output alone, which spares
        most of the last layer; the plan counts it so.
      usual_sequences: Those that a row is computed as, for a plan without the data.
    """

    name: ClassVar[str]
    Options: ClassVar[type[Section]]
    recipe: ClassVar[Recipe]
    schema: ClassVar[str]
    schema_parts: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[tuple[str, ...]] = ("tsv", "csv", "jsonl", "parquet", "tfrecord")
    columns: ClassVar[tuple[str, ...]]
    required_columns: ClassVar[tuple[str, ...]]
    structured_columns: ClassVar[tuple[str, ...]] = ()
    baselines: ClassVar[tuple[str, ...]]
    selection_metric: ClassVar[str]
    weights_heads: ClassVar[Mapping[str, str]] = {}
    problem_type: ClassVar[str] = ""
    first_token_only: ClassVar[bool] = False
    usual_sequences: ClassVar[int] = 1

    def __init__(self, options: Section) -> None:
        self.options = options

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        """Returns the options under which the task answers with a model that came fine-tuned.

        Args:
          heads: Number of outputs by head, of models.weights.heads.
          labels: Names of the outputs, where they have some.
          problem_type: transformers' `problem_type`; empty where it does not say.

        Returns:
          What stands in the `task` section beside the name; None where the heads are of another
          task.
        """
        del heads, labels, problem_type
        return None

    # --- ingest ----------------------------------------------------------------------------------

    @abstractmethod
    def encode_row(self, row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
        """Turns one row, value by role, into raw features.

        Raises:
          RowError: If the row breaks a rule of the task (empty text, undeclared label).
        """

    @property
    def request_columns(self) -> tuple[str, ...]:
        """Roles of the columns that a request is made of."""
        asked = self.serving_inputs()
        return tuple(role for role in self.columns if role in asked)

    def encode_request(self, row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
        """Turns one row that nothing is learned from into the raw features of a request.

        Args:
          row: Values of `request_columns` by role.

        Raises:
          RowError: If the row breaks a rule of the task.
        """
        return self.encode_row(row)

    @abstractmethod
    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the text by which rows count as the same, for duplicates and leaks."""

    def group(self, features: Mapping[str, FeatureValue]) -> str | None:
        """Returns the text whose rows all go to one split, where eval is split from train.

        None, where that is the `identity`.
        """
        del features
        return None

    # --- transform and serving: the same function in tf.Transform and in the served graph --------

    @abstractmethod
    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        """Returns the raw features that a request carries, by name.

        Each is string `(batch,)`; a list of texts a row is `(batch, None)`, and a request fills it
        up with empty texts to the longest.
        """

    @property
    def vocabulary_features(self) -> tuple[str, ...]:
        """Raw text features that a vocabulary is trained on."""
        return tuple(sorted(self.serving_inputs()))

    @abstractmethod
    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        """Turns raw features into the model's inputs, not padded.

        Args:
          features: Raw features, those of `serving_inputs` at least: string `(batch,)`, lists
            ragged `(batch, None)`.
          tokenizer: Splits text into piece ids.
          max_length: Longest row in tokens, special ones included.

        Returns:
          Model inputs by name, int32 `(batch, None)`.
        """

    @abstractmethod
    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the features of the training target, taken from the raw features.

        Each is `(batch,)`, or ragged `(batch, None)`.
        """

    def transform(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, Any]:
        """Turns raw features into transformed rows, of which a raw row may become several.

        Args:
          features: Raw features, as `preprocess` and `targets` take them, and perhaps `row_id`.
          tokenizer: Splits text into piece ids.
          max_length: Longest row in tokens, special ones included.

        Returns:
          The model's inputs, the targets, and `row_id`.
        """
        row_id = {keys.ROW_ID: features[keys.ROW_ID]} if keys.ROW_ID in features else {}
        rows = self.preprocess(features, tokenizer, max_length)
        return {**rows, **self.targets(features), **row_id}

    def target_spec(self) -> dict[str, Any]:
        """Returns how `tf.io.parse_example` reads the raw features that `targets` takes.

        Baselines are fitted on these and the features of a request.
        """
        import tensorflow as tf

        return {self.label_key: tf.io.FixedLenFeature([], tf.int64)}

    def batch(self, rows: Features, *, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], Any]:
        """Makes a batch of the model's inputs and its target, inside tf.data.

        Args:
          rows: Transformed features: what `preprocess` and `targets` returned, and `row_id`.
          seed: int64 `(2,)`, another for every training batch, and always the same for the same
            batch of an evaluation: what is drawn here is drawn again by a run that goes on.

        Returns:
          The inputs by name, padded, `padding_mask` among them; the target as `loss` takes it.
        """
        from models.packing import pad

        del seed
        inputs = {name: rows[name] for name in (keys.TOKEN_IDS, keys.SEGMENT_IDS)}
        (target,) = (rows[name] for name in rows.keys() - {*inputs, keys.ROW_ID})
        return pad(inputs), target

    def reference_inputs(self, rows: Features) -> dict[str, tf.Tensor]:
        """Returns the model's inputs as the served graph makes them of the text of these rows.

        A task that learns from something else than what a request carries has a way of its own.

        Args:
          rows: Transformed features, as `batch` takes them.
        """
        import tensorflow as tf

        return self.batch(rows, seed=tf.zeros(2, tf.int64))[0]

    def sequences(
        self, row: Mapping[str, RowValue], count_pieces: CountPieces, max_length: int
    ) -> RowSequences:
        """Returns what a row of a file costs, for the plan: one sequence of all of its texts.

        Args:
          row: Values by role; nobody has checked them.
          count_pieces: Counts the pieces of a text.
          max_length: Longest sequence in tokens.
        """
        targets = (keys.LABEL, self.label_key)
        texts = [
            value
            for role, value in row.items()
            if role in self.columns and role not in targets and isinstance(value, str)
        ]
        return [[packed_length([count_pieces(text) for text in texts], max_length)]]

    def scored_positions(self, length: int) -> int:
        """Returns the tokens of a row for which training scores every piece, for the plan.

        Args:
          length: Of the row, in tokens.
        """
        del length
        return 0

    # --- model -----------------------------------------------------------------------------------

    @abstractmethod
    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Puts the task's head on `backbone`; the outputs are float32 logits."""

    def prepare_head(self, model: keras.Model, tokenizer: AlbertTokenizer) -> None:
        """Sets those random weights of a new head for which the vocabulary knows better ones."""
        return

    @abstractmethod
    def loss(self) -> keras.losses.Loss:
        """Returns the loss of logits against the target; losses by name for several outputs."""

    def constant_loss(self, targets: Mapping[str, np.ndarray]) -> float | None:
        """Returns the least loss that one answer for every row can have; None: not known.

        A run that does not get below it has learnt nothing: see models.training.guard.

        Args:
          targets: Those of the training rows by name, `(rows,)`; ragged ones flat.
        """
        return None

    @abstractmethod
    def training_metrics(self) -> list[keras.metrics.Metric]:
        """Returns the metrics shown while training, `selection_metric` among them."""

    @abstractmethod
    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns logits into the served answers, in the graph; all keep the batch dimension."""

    def answer(
        self,
        features: Mapping[str, tf.Tensor],
        model: PaddedModel,
        tokenizer: AlbertTokenizer,
        max_length: int,
    ) -> dict[str, tf.Tensor]:
        """Answers raw features, in the graph that is served.

        A task whose answers are parts of the text has a way of its own from logits to them.

        Args:
          features: Those of `serving_inputs`.
          model: Gives the logits of padded inputs.
          tokenizer: Splits text into piece ids.
          max_length: Longest row in tokens, special ones included.

        Returns:
          The served answers by name, each with the batch dimension first.
        """
        from models.packing import pad

        rows = self.preprocess(features, tokenizer, max_length)
        return self.decode(model(pad(rows, pad_id=tokenizer.pad_id)))

    def reference(self, inputs: Mapping[str, tf.Tensor], outputs: Any) -> dict[str, tf.Tensor]:
        """Returns those answers that follow from transformed rows alone, without their text.

        The serving check compares them with what the exported model says to the same rows.

        Args:
          inputs: Of the model, padded.
          outputs: Of the model, for these inputs.
        """
        del inputs
        return {self.prediction_key: self.decode(outputs)[self.prediction_key]}

    def reference_rows(
        self, rows: Features, model: PaddedModel
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Asks a model for the `reference` of transformed rows.

        Args:
          rows: Transformed features, as `batch` takes them.
          model: Gives the outputs for padded inputs.

        Returns:
          `row_id` of the raw rows, string `(batch,)`, and their answers by name.
        """
        inputs = self.reference_inputs(rows)
        return rows[keys.ROW_ID], self.reference(inputs, model(inputs))

    def calibrate(self, model: keras.Model, batches: Iterable[Features]) -> None:  # noqa: B027
        """Sets those weights of a trained model that dev rows decide; most tasks have none.

        Args:
          model: What `build_model` returned, as it will be served.
          batches: Transformed features of the dev rows, as `batch` takes them.
        """

    # --- evaluation ------------------------------------------------------------------------------

    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """Returns the TFMA metrics, the one that decides first."""

    @property
    @abstractmethod
    def label_key(self) -> str:
        """Raw feature that TFMA takes as the label."""

    @property
    @abstractmethod
    def prediction_key(self) -> str:
        """Output of the examples signature that TFMA takes as the prediction."""

    @property
    @abstractmethod
    def slice_keys(self) -> tuple[str, ...]:
        """Raw features that every evaluation is sliced by."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The declared labels in the order of the model's outputs; empty where there are none."""
        return ()
