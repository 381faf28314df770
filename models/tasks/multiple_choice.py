"""Multiple choice: a passage, a question, and any number of options, one of which is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from models.multiple_choice.rows import encode_question, same_question
from models.plan.sequences import CountPieces, RowSequences, packed_length
from models.recipes import Recipe
from models.tasks.base import Features, FeatureValue, Metric, PaddedModel, RowValue, Task
from schemas import features as keys
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer


class Options(Section):
    """The `task` section of a multiple-choice config."""

    max_qa_length: int = Field(
        default=128,
        ge=8,
        description="Longest question with an option, in tokens; the passage gets the rest.",
    )


class MultipleChoice(Task):
    """Says which option answers a question about a passage."""

    name = "multiple_choice"
    Options = Options
    # Of RACE, whose 12,000 steps are four passes over 87,866 questions.
    recipe = Recipe(learning_rate=1e-5, batch_size=32, epochs=4.0)
    schema = "multiple_choice.pbtxt"
    formats = ("jsonl", "parquet", "race")
    columns = (keys.PASSAGE, keys.QUESTION, keys.OPTIONS, keys.ANSWER, keys.LEVEL)
    required_columns = (keys.PASSAGE, keys.QUESTION, keys.OPTIONS, keys.ANSWER)
    structured_columns = (keys.OPTIONS,)
    baselines = ("overlap",)
    selection_metric = "accuracy"
    weights_heads: ClassVar = {"logits": "multiple_choice"}
    first_token_only = True
    usual_sequences = 4  # RACE's questions have four options

    options: Options

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        del labels, problem_type
        return {} if "multiple_choice" in heads else None

    # --- ingest ----------------------------------------------------------------------------------

    def encode_row(self, row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
        """Turns one question into features; further columns are kept, to slice the evaluation by.

        Args:
          row: Values by role; the answer, a letter or a 0-based number, may be missing where
            nothing is learned from the row.

        Raises:
          RowError: If a text is empty, the options are fewer than two or repeat each other, or the
            answer is none of them.
          UserError: If a column has the name of a feature that is made here.
        """
        return encode_question(row)

    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns passage, question and options without regard to case, width and white space."""
        return same_question(features)

    # --- transform and serving -------------------------------------------------------------------

    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf

        return {
            keys.PASSAGE: tf.TensorSpec([None], tf.string, name=keys.PASSAGE),
            keys.QUESTION: tf.TensorSpec([None], tf.string, name=keys.QUESTION),
            keys.OPTIONS: tf.TensorSpec([None, None], tf.string, name=keys.OPTIONS),
        }

    def preprocess(
        self, features: Mapping[str, Any], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        from models.multiple_choice.packing import pack_options

        return pack_options(
            features, tokenizer, max_length=max_length, max_qa_length=self.options.max_qa_length
        )

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {keys.LABEL_ID: features[keys.LABEL_ID]}

    def batch(self, rows: Features, *, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], Any]:
        from models.multiple_choice.packing import pad_options

        del seed
        return pad_options(rows), rows[keys.LABEL_ID]

    def sequences(
        self, row: Mapping[str, RowValue], count_pieces: CountPieces, max_length: int
    ) -> RowSequences:
        """Returns one row with a sequence for each option."""
        passage, question = (
            count_pieces(str(row.get(role, ""))) for role in (keys.PASSAGE, keys.QUESTION)
        )
        options = row.get(keys.OPTIONS)
        answered = [
            min(question + count_pieces(str(option)), self.options.max_qa_length)
            for option in (options if isinstance(options, list) else ())
        ]
        return [[packed_length([passage, pieces], max_length) for pieces in answered]]

    # --- model -----------------------------------------------------------------------------------

    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Scores each option by dropout and a dense layer on its pooled output.

        Returns:
          A model from inputs `(batch, options, length)` to logits, float32 `(batch, options)`.
        """
        import keras

        from models.albert.heads import OptionsAsRows, ScoresOfOptions, dense_head

        inputs = {
            name: keras.Input((None, None), dtype="int32", name=name)
            for name in (keys.TOKEN_IDS, keys.SEGMENT_IDS, keys.PADDING_MASK)
        }
        pooled = backbone(OptionsAsRows()(inputs), pooled_only=True)["pooled_output"]
        scores = dense_head(pooled, 1, dropout=dropout, seed=seed)
        logits = ScoresOfOptions(dtype="float32")(scores, inputs[keys.PADDING_MASK])
        return keras.Model(inputs, logits, name=self.name)

    def loss(self) -> keras.losses.Loss:
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def constant_loss(self, targets: Mapping[str, np.ndarray]) -> float:
        """Returns the entropy of the answers' positions, in nats.

        Args:
          targets: `label_id`, int64 `(rows,)`.
        """
        import numpy as np

        counts = np.bincount(targets[keys.LABEL_ID])
        shares = counts[counts > 0] / counts.sum()
        return float(-(shares * np.log(shares)).sum())

    def training_metrics(self) -> list[keras.metrics.Metric]:
        import keras

        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns logits into answers.

        Args:
          logits: float32 `(batch, options)`, very low where a row has fewer options.

        Returns:
          `index` int32 `(batch,)`, 0-based, and `probabilities` float32 `(batch, options)`, 0 where
          a row has fewer options. A row without any has one, the empty text.
        """
        import tensorflow as tf

        from models.albert.heads import NO_OPTION

        has_options = tf.reduce_any(logits > NO_OPTION / 2, axis=-1, keepdims=True)
        only_first = tf.one_hot(0, tf.shape(logits)[-1], on_value=0.0, off_value=NO_OPTION)
        logits = tf.where(has_options, logits, only_first)
        return {
            keys.INDEX: tf.argmax(logits, axis=-1, output_type=tf.int32),
            keys.PROBABILITIES: tf.nn.softmax(logits),
        }

    def answer(
        self,
        features: Mapping[str, Any],
        model: PaddedModel,
        tokenizer: AlbertTokenizer,
        max_length: int,
    ) -> dict[str, tf.Tensor]:
        """Answers raw features: what `decode` returns, and `option`, string `(batch,)`."""
        from models.multiple_choice.packing import pad_options

        rows = self.preprocess(features, tokenizer, max_length)
        logits = model(pad_options(rows, pad_id=tokenizer.pad_id))
        return self.named(self.decode(logits), features[keys.OPTIONS])

    def named(
        self, answers: Mapping[str, tf.Tensor], options: tf.RaggedTensor
    ) -> dict[str, tf.Tensor]:
        """Adds the text of the chosen option to answers.

        Args:
          answers: What `decode` returned.
          options: string `(batch, None)`.
        """
        import tensorflow as tf

        width = tf.shape(answers[keys.PROBABILITIES])[1]
        texts = options.to_tensor("", shape=tf.stack([-1, width]))
        return {**answers, keys.OPTION: tf.gather(texts, answers[keys.INDEX], batch_dims=1)}

    # --- evaluation ------------------------------------------------------------------------------

    def metrics(self) -> tuple[Metric, ...]:
        return (Metric("accuracy", "ClassificationAccuracy", "models.metrics.classification"),)

    @property
    def label_key(self) -> str:
        return keys.LABEL_ID

    @property
    def prediction_key(self) -> str:
        return keys.PROBABILITIES

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.LEVEL, keys.NUM_OPTIONS, keys.QUESTION_LENGTH)


TASK = MultipleChoice
