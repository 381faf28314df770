"""Question answering: the part of a context that answers a question, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, PositiveInt, model_validator
from typing_extensions import Self

from models.plan.sequences import CountPieces, RowSequences, window_lengths
from models.question_answering.rows import MADE, question_features, read_answers, read_texts
from models.tasks.base import (
    Features,
    FeatureValue,
    Metric,
    PaddedModel,
    Recipe,
    RowError,
    RowValue,
    Task,
)
from models.tasks.rows import folded, refuse_made_names
from schemas import features as keys
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from models.question_answering.answers import Decoding
    from models.question_answering.inputs import Questions
    from models.tokenizer import AlbertTokenizer

_METRICS_MODULE = "models.metrics.question_answering"


class Options(Section):
    """The `task` section of a question answering config; defaults of the ALBERT paper."""

    unanswerable: bool = Field(
        default=True,
        description="Whether a context may not answer its question, as in SQuAD 2.0; false: every "
        "question has an answer, as in SQuAD 1.1.",
    )
    stride: PositiveInt = Field(
        default=128,
        description="Pieces between the starts of two windows of a context that is longer than "
        "model.max_length leaves room for.",
    )
    max_question_length: PositiveInt = Field(
        default=64,
        description="Pieces of a question that are read; half of model.max_length at most.",
    )
    max_answer_length: PositiveInt = Field(default=30, description="Pieces of the longest answer.")
    n_best: PositiveInt = Field(
        default=20,
        description="Spans whose probabilities add up to 1, with that of no answer.",
    )
    top_k: PositiveInt = Field(
        default=1,
        description="How many of the best spans are served; more than one are listed beside the "
        "answer.",
    )
    null_threshold: float | None = Field(
        default=None,
        description="By how much no answer must score above the best span to be given; unset: "
        "found on dev rows.",
    )

    @model_validator(mode="after")
    def _served_are_among_the_best(self) -> Self:
        if self.top_k > self.n_best:
            raise ValueError(
                f"top_k must be at most n_best; received {self.top_k} and {self.n_best}"
            )
        return self


class QuestionAnswering(Task):
    """Finds the part of a context that answers a question."""

    name = "question_answering"
    Options = Options
    # SQuAD 2.0: 8,144 steps of 48 windows are three passes.
    recipe = Recipe(learning_rate=3e-5, batch_size=48, epochs=3.0)
    schema = "question_answering.pbtxt"
    formats = ("squad", "jsonl", "parquet")
    columns = (keys.QUESTION, keys.CONTEXT, keys.ANSWERS, keys.IS_IMPOSSIBLE)
    required_columns = (keys.QUESTION, keys.CONTEXT, keys.ANSWERS)
    structured_columns = (keys.ANSWERS,)
    baselines = ("overlap_window",)
    selection_metric = "span_f1"
    weights_heads: ClassVar[Mapping[str, str]] = {"logits": "qa_outputs"}

    options: Options

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        del labels, problem_type
        return {} if "qa_outputs" in heads else None

    # --- ingest ----------------------------------------------------------------------------------

    def encode_row(self, row: Mapping[str, Any]) -> dict[str, FeatureValue]:
        """Turns one row into features; further columns are kept, to slice the evaluation by.

        Raises:
          RowError: If question or context is empty, or an answer is not at its offset.
          UserError: If a column has the name of a feature that is made here.
        """
        question, context = read_texts(row)
        answers = read_answers(row)
        if not answers and not self.options.unanswerable:
            raise RowError(
                "no_answer",
                "a question must have an answer, for task.unanswerable is false; received none",
            )
        extra: dict[str, FeatureValue] = {
            role: value.encode() for role, value in row.items() if role not in self.columns
        }
        refuse_made_names(extra, MADE)
        return extra | question_features(question, context, answers)

    def encode_request(self, row: Mapping[str, Any]) -> dict[str, FeatureValue]:
        """Takes question and context; whether there is an answer is what is asked."""
        question, context = read_texts(row)
        return {keys.QUESTION: question.encode(), keys.CONTEXT: context.encode()}

    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns question and context without regard to case, width and white space."""
        return f"{folded(features[keys.QUESTION])}\n{folded(features[keys.CONTEXT])}"

    def group(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the context: all that is asked about it goes to one split."""
        return folded(features[keys.CONTEXT])

    # --- transform and serving -------------------------------------------------------------------

    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf

        names = (keys.QUESTION, keys.CONTEXT)
        return {name: tf.TensorSpec([None], tf.string, name=name) for name in names}

    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        """Turns questions into windows, of which a row may have several."""
        return dict(self._cut(features, tokenizer, max_length).packed)

    def transform(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, Any]:
        """Turns raw features into windows, each a row, with what tells where they lie."""
        from models.question_answering.inputs import window_rows

        return window_rows(self._cut(features, tokenizer, max_length), features)

    def _cut(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> Questions:
        from models.question_answering.inputs import cut_questions

        return cut_questions(
            features,
            tokenizer,
            max_length=max_length,
            max_question_length=self.options.max_question_length,
            stride=self.options.stride,
        )

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns nothing: the tokens of an answer are known with the windows, in `transform`."""
        return {}

    def target_spec(self) -> dict[str, Any]:
        import tensorflow as tf

        number = tf.io.FixedLenFeature([], tf.int64)
        return {keys.ANSWER_START: number, keys.ANSWER_END: number}

    def batch(self, rows: Features, *, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Makes a batch of windows; the target is first and last token, int64 `(batch, 2)`."""
        import tensorflow as tf

        from models.packing import pad

        del seed
        inputs = pad({name: rows[name] for name in (keys.TOKEN_IDS, keys.SEGMENT_IDS)})
        return inputs, tf.stack([rows[keys.START_POSITION], rows[keys.END_POSITION]], axis=1)

    def sequences(
        self, row: Mapping[str, RowValue], count_pieces: CountPieces, max_length: int
    ) -> RowSequences:
        """Returns a row for each window of the context."""
        question, context = (
            count_pieces(str(row.get(role, ""))) for role in (keys.QUESTION, keys.CONTEXT)
        )
        kept = min(question, self.options.max_question_length, (max_length - 3) // 2)
        lengths = window_lengths(
            kept + 3, context, max_length=max_length, stride=self.options.stride
        )
        return [[length] for length in lengths]

    # --- model -----------------------------------------------------------------------------------

    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Puts a dense layer on every token, without dropout, as google-research/albert does.

        Returns:
          A model to the logits of starts and ends, float32 `(batch, length, 2)`.
        """
        import keras

        from models.albert.heads import dense_head
        from models.albert.span_logits import SpanLogits

        del dropout
        backbone.pooled_dense.trainable = False  # no answer depends on it
        tokens = backbone(backbone.input)["sequence_output"]
        logits = dense_head(tokens, 2, dropout=0.0, seed=seed)
        mask = backbone.input[keys.PADDING_MASK]
        threshold = self.options.null_threshold or 0.0
        outputs = SpanLogits(threshold, dtype="float32", name="span_logits")(logits, mask)
        return keras.Model(backbone.input, outputs, name=self.name)

    def loss(self) -> keras.losses.Loss:
        from models.question_answering.losses import SpanCrossEntropy

        return SpanCrossEntropy()

    def constant_loss(self, targets: Mapping[str, np.ndarray]) -> float:
        """Returns the mean entropy of first and last tokens, in nats."""
        import numpy as np

        entropies = []
        for name in (keys.START_POSITION, keys.END_POSITION):
            shares = np.bincount(targets[name]) / len(targets[name])
            entropies.append(-sum(share * np.log(share) for share in shares if share > 0))
        return float(np.mean(entropies))

    def training_metrics(self) -> list[keras.metrics.Metric]:
        from models.question_answering.losses import SpanF1

        return [SpanF1(name="span_f1")]

    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Refuses: an answer is a part of a text, which logits do not have; see `answer`."""
        # The contract has it for answers that follow from logits; the two that call it there,
        # `answer` and, through `reference`, `reference_rows`, are replaced here.
        raise NotImplementedError("answers need their contexts; call answer")

    def answer(
        self,
        features: Mapping[str, tf.Tensor],
        model: PaddedModel,
        tokenizer: AlbertTokenizer,
        max_length: int,
    ) -> dict[str, tf.Tensor]:
        """Answers questions from all windows of their contexts; see `Decoding.answers`."""
        from models.packing import pad

        questions = self._cut(features, tokenizer, max_length)
        logits = model(pad(questions.packed, pad_id=tokenizer.pad_id))
        return self._decoding.answers(logits, questions, features[keys.CONTEXT])

    @property
    def _decoding(self) -> Decoding:
        from models.question_answering.answers import Decoding

        options = self.options
        return Decoding(
            options.n_best, options.top_k, options.max_answer_length, options.unanswerable
        )

    # --- what dev rows decide and show -----------------------------------------------------------

    def calibrate(self, model: keras.Model, batches: Iterable[Features]) -> None:
        """Sets the null threshold, unless given, to that with the best F1 on dev rows."""
        from models.question_answering.dev_windows import window_answers
        from models.question_answering.null_threshold import find_null_threshold, row_margins

        if not self.options.unanswerable or self.options.null_threshold is not None:
            return
        answers = window_answers(self, model, batches, self.options.max_answer_length)
        threshold = model.get_layer("span_logits").null_threshold
        threshold.assign_add(find_null_threshold(*row_margins(answers)))

    def reference_rows(
        self, rows: Features, model: PaddedModel
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Returns the probabilities of the rows all of whose windows are there."""
        import tensorflow as tf

        from models.question_answering.dev_windows import group_windows

        order, windows, row_ids, is_whole = group_windows(rows)
        logits = model(self.batch(rows, seed=tf.zeros(2, tf.int64))[0])
        spans = self._decoding.spans(tf.gather(logits, order), windows, tf.size(row_ids))
        answers = self._decoding.probabilities(spans)
        return row_ids[is_whole], {name: value[is_whole] for name, value in answers.items()}

    # --- evaluation ------------------------------------------------------------------------------

    def metrics(self) -> tuple[Metric, ...]:
        has_answer = (
            Metric("has_answer_f1", "HasAnswerF1", _METRICS_MODULE),
            Metric("has_answer_exact_match", "HasAnswerExactMatch", _METRICS_MODULE),
            Metric("no_answer_accuracy", "NoAnswerAccuracy", _METRICS_MODULE),
        )
        return (
            Metric("f1", "AnswerF1", _METRICS_MODULE),
            Metric("exact_match", "AnswerExactMatch", _METRICS_MODULE),
            *(has_answer if self.options.unanswerable else ()),
        )

    @property
    def label_key(self) -> str:
        return keys.ANSWERS

    @property
    def prediction_key(self) -> str:
        return keys.ANSWER

    @property
    def slice_keys(self) -> tuple[str, ...]:
        present = (keys.ANSWER_PRESENT,) if self.options.unanswerable else ()
        return (*present, keys.QUESTION_WORD, keys.LENGTH_BUCKET)


TASK = QuestionAnswering
