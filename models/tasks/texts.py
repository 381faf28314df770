"""What the tasks on whole texts share: one text a row, or two that belong together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from models.tasks.base import FeatureValue, RowError, RowValue, Task
from models.tasks.rows import folded, range_of, refuse_made_names
from schemas import features as keys
from schemas.errors import UserError
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer

_LENGTH_BUCKETS = (8, 16, 32, 64, 128)


class TextOptions(Section):
    """Options of every task on whole texts."""

    pair: bool = Field(
        default=False,
        description="Whether a row, and so a request, has two texts: text and text_pair.",
    )


class TextTask(Task):
    """A task that answers for a text as a whole, or for two texts together.

    Attributes:
      target: Role of the column with the right answer.
      target_features: Features that are made of it.
    """

    target: ClassVar[str]
    target_features: ClassVar[tuple[str, ...]]
    weights_heads: ClassVar = {"logits": "classifier"}
    first_token_only = True

    options: TextOptions

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Roles of the texts, which are the features of a request too."""
        return (keys.TEXT, keys.TEXT_PAIR) if self.options.pair else (keys.TEXT,)

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.text_columns, self.target)

    @property
    def required_columns(self) -> tuple[str, ...]:
        return self.columns

    @property
    def schema_parts(self) -> tuple[str, ...]:
        return ("text_pair.pbtxt",) if self.options.pair else ()

    # --- ingest ----------------------------------------------------------------------------------

    @abstractmethod
    def encode_target(self, value: RowValue) -> dict[str, FeatureValue]:
        """Turns the right answer of a row into `target_features`.

        Raises:
          RowError: If it is none.
        """

    def encode_row(self, row: Mapping[str, Any]) -> dict[str, FeatureValue]:
        """Turns one row into features; further columns are kept, to slice the evaluation by.

        Args:
          row: Column text by role; the target may be missing where nothing is learned from the row.

        Raises:
          RowError: If a text is empty, or the target is not one of the task's.
          UserError: If a column has the name of a feature that is made here.
        """
        self._check_names(row)
        num_words = 0
        made: dict[str, FeatureValue] = {}
        for role in self.text_columns:
            words = row.get(role, "").split()
            if not words:
                message = f"the {role} must hold a character that is no white space"
                raise RowError("empty_text", message)
            num_words += len(words)
            made[role] = row[role].encode()
        made[keys.LENGTH_BUCKET] = length_bucket(num_words).encode()
        if self.target in row:
            made |= self.encode_target(row[self.target])
        extra = {role: value.encode() for role, value in row.items() if role not in self.columns}
        return extra | made

    def _check_names(self, row: Mapping[str, Any]) -> None:
        if keys.TEXT_PAIR in row and not self.options.pair:
            raise UserError(
                f"a column {keys.TEXT_PAIR} is for rows of two texts; received one where task.pair "
                "is false; set task.pair: true, or rename it"
            )
        made = {keys.LENGTH_BUCKET, keys.ROW_ID, *self.target_features} - {self.target}
        refuse_made_names(row, made)

    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the texts without regard to case, width and white space, one a line."""
        return "\n".join(folded(features[role]) for role in self.text_columns)

    # --- transform and serving -------------------------------------------------------------------

    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf

        return {name: tf.TensorSpec([None], tf.string, name=name) for name in self.text_columns}

    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        from models.packing import pack

        return pack(
            *(tokenizer(features[name]) for name in self.text_columns),
            cls_id=tokenizer.cls_id,
            sep_id=tokenizer.sep_id,
            max_length=max_length,
        )

    # --- model and evaluation --------------------------------------------------------------------

    @property
    @abstractmethod
    def num_outputs(self) -> int:
        """Logits of a row."""

    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Puts dropout and a dense layer on the pooled output, as google-research/albert does.

        Returns:
          A model to logits, float32 `(batch, num_outputs)`.
        """
        import keras

        from models.albert.heads import dense_head

        pooled = backbone(backbone.input, pooled_only=True)["pooled_output"]
        logits = dense_head(pooled, self.num_outputs, dropout=dropout, seed=seed)
        return keras.Model(backbone.input, logits, name=self.name)

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.LENGTH_BUCKET,)


def length_bucket(num_words: int) -> str:
    """Returns the range of lengths that texts of `num_words` words together fall in.

    >>> length_bucket(9)
    '9-16'
    >>> length_bucket(400)
    '129+'
    """
    return range_of(num_words, _LENGTH_BUCKETS)
