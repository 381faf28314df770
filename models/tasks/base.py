"""The task contract: everything in which one task differs from another, behind one interface.

A task module is imported by the command line to check a config, so it imports TensorFlow and Keras
inside the functions that need them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from models.recipes import Recipe
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer

FeatureValue = bytes | int | float | Sequence[bytes] | Sequence[int] | Sequence[float]


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
      columns: Roles that columns of an input file can have, required ones first.
      required_columns: Roles that a training file must have.
      baselines: Names of the baselines, each a function of models.baselines.
      selection_metric: Training metric by which the best weights are chosen.
      weights_head: Name that models.weights has for its head, the layer `logits`; None where
        checkpoints of other frameworks have no such head.
    """

    name: ClassVar[str]
    Options: ClassVar[type[Section]]
    recipe: ClassVar[Recipe]
    schema: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    required_columns: ClassVar[tuple[str, ...]]
    baselines: ClassVar[tuple[str, ...]]
    selection_metric: ClassVar[str]
    weights_head: ClassVar[str | None] = None

    def __init__(self, options: Section) -> None:
        self.options = options

    # --- ingest ----------------------------------------------------------------------------------

    @abstractmethod
    def encode_row(self, row: Mapping[str, str]) -> dict[str, FeatureValue]:
        """Turns one row, column text by role, into raw features.

        Raises:
          RowError: If the row breaks a rule of the task (empty text, undeclared label).
        """

    @abstractmethod
    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the text by which rows count as the same, for duplicates, leaks and the split."""

    # --- transform and serving: the same function in tf.Transform and in the served graph --------

    @abstractmethod
    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        """Returns the raw features that a request carries, each string `(batch,)`."""

    @abstractmethod
    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        """Turns raw features into the model's inputs, not padded.

        Args:
          features: Raw features, string `(batch,)`, those of `serving_inputs` at least.
          tokenizer: Splits text into piece ids.
          max_length: Longest row in tokens, special ones included.

        Returns:
          Model inputs by name, int32 `(batch, None)`.
        """

    @abstractmethod
    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the features of the training target, taken from the raw features."""

    # --- model -----------------------------------------------------------------------------------

    @abstractmethod
    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Puts the task's head on `backbone`; the outputs are float32 logits."""

    @abstractmethod
    def loss(self) -> keras.losses.Loss:
        """Returns the loss of logits against the target."""

    def constant_loss(self, targets: np.ndarray) -> float | None:
        """Returns the least loss that one answer for every row can have; None: not known.

        A run that does not get below it has learnt nothing: see models.training.guard.

        Args:
          targets: Those of the training rows, `(rows, ...)`.
        """
        return None

    @abstractmethod
    def training_metrics(self) -> list[keras.metrics.Metric]:
        """Returns the metrics shown while training, `selection_metric` among them."""

    @abstractmethod
    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns logits into the served answers, in the graph; all keep the batch dimension."""

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
