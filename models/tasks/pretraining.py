"""Pretraining on plain text: masked words and the order of sentences; fills in masks when served.

What it is for is the weights, which every other task takes through `model.weights`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveInt

from models.pretraining.cloze import HIDDEN_SHARE, has_word, make_cloze
from models.pretraining.sentences import split_sentences
from models.recipes import Recipe
from models.tasks.base import Features, FeatureValue, Metric, PaddedModel, RowError, RowValue, Task
from models.tasks.rows import folded, refuse_made_names
from models.tasks.texts import length_bucket
from schemas import features as keys
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from models.albert import AlbertBackbone
    from models.tokenizer import AlbertTokenizer

_METRICS_MODULE = "models.metrics.pretraining"
_MADE = {
    keys.DOCUMENT,
    keys.HIDDEN_WORDS,
    keys.SENTENCE_ORDER,
    keys.SENTENCES,
    keys.LENGTH_BUCKET,
    keys.ROW_ID,
}
_SENTENCE_BUCKETS = ((1, "1"), (4, "2-4"), (8, "5-8"))


class Options(Section):
    """The `task` section of a pretraining config."""

    sentence_order: bool = Field(
        default=True,
        description="Whether the order of two segments is learned too, beside masked words.",
    )
    max_predictions: PositiveInt | None = Field(
        default=None,
        description="Pieces of a row that are hidden at most (the original has 20 at 512); unset: "
        "15 % at any length.",
    )
    top_k: Annotated[int, Field(ge=1, le=100)] = Field(
        default=5, description="Pieces that are served for a mask."
    )


class Pretraining(Task):
    """Learns from documents, and tells what may stand in the place of a mask."""

    name = "pretraining"
    Options = Options
    # The paper's rate and warm-up are for batches of 4,096; the rate goes with the square root.
    recipe = Recipe(
        learning_rate=0.00176 / 4, batch_size=256, epochs=10.0, warmup_ratio=0.025, optimizer="lamb"
    )
    schema = "pretraining.pbtxt"
    formats = ("text", "tsv", "csv", "jsonl", "parquet", "tfrecord")
    columns = (keys.TEXT,)
    required_columns = (keys.TEXT,)
    baselines = ("unigram",)
    selection_metric = "mlm_accuracy"

    options: Options

    @property
    def weights_heads(self) -> Mapping[str, str]:
        heads = {"mlm": "mlm", "sop": "sop"}
        return heads if self.options.sentence_order else {"mlm": "mlm"}

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        del labels, problem_type
        return {"sentence_order": "sop" in heads} if "mlm" in heads else None

    # --- ingest ----------------------------------------------------------------------------------

    def encode_row(self, row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
        """Turns a passage into what is learned from it, and what an evaluation asks of it.

        A passage of one sentence has no order to learn, only words.

        Args:
          row: The text; further columns are kept, to slice the evaluation by.

        Raises:
          RowError: If the text has no word.
          UserError: If a column has the name of a feature that is made here.
        """
        refuse_made_names(row, _MADE)
        text = str(row[keys.TEXT])
        sentences = split_sentences(text)
        if not has_word(text):
            raise RowError("empty_text", "the text must hold a word; received none")
        cloze = make_cloze(sentences)
        extra = {role: str(value).encode() for role, value in row.items() if role != keys.TEXT}
        return extra | {
            keys.DOCUMENT: "\n".join(sentences).encode(),
            keys.TEXT: cloze.text.encode(),
            keys.HIDDEN_WORDS: [word.encode() for word in cloze.hidden_words],
            keys.SENTENCE_ORDER: cloze.sentence_order,
            keys.SENTENCES: _sentence_bucket(len(sentences)).encode(),
            keys.LENGTH_BUCKET: length_bucket(len(text.split())).encode(),
        }

    def encode_request(self, row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
        """Takes the text as it is: it has masks of its own."""
        text = str(row[keys.TEXT])
        if not text.strip():
            raise RowError("empty_text", "the text must hold more than white space")
        return {keys.TEXT: text.encode()}

    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the document without regard to case, width and white space."""
        return folded(features[keys.DOCUMENT])

    # --- transform and serving -------------------------------------------------------------------

    @property
    def vocabulary_features(self) -> tuple[str, ...]:
        return (keys.DOCUMENT,)

    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf

        return {keys.TEXT: tf.TensorSpec([None], tf.string, name=keys.TEXT)}

    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        from models.pretraining.rows import transform_document

        return transform_document(features, tokenizer, max_length)

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns none: what is asked is drawn anew for every batch."""
        return {}

    def target_spec(self) -> dict[str, Any]:
        import tensorflow as tf

        return {keys.HIDDEN_WORDS: tf.io.RaggedFeature(tf.string)}

    def batch(self, rows: Features, *, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], Any]:
        from models.pretraining.rows import masked_batch

        inputs, targets = masked_batch(
            rows, seed=seed, max_predictions=self.options.max_predictions
        )
        return inputs, {name: targets[name] for name in self.weights_heads}

    def reference_inputs(self, rows: Features) -> dict[str, tf.Tensor]:
        from models.pretraining.rows import cloze_batch

        return cloze_batch(rows)

    def scored_positions(self, length: int) -> int:
        share = max(1, round(length * HIDDEN_SHARE))
        return min(share, self.options.max_predictions or share)

    # --- model -----------------------------------------------------------------------------------

    def build_model(self, backbone: AlbertBackbone, *, dropout: float, seed: int) -> keras.Model:
        from models.pretraining.model import build_pretraining_model

        return build_pretraining_model(
            backbone,
            sentence_order=self.options.sentence_order,
            dropout=dropout,
            seed=seed,
            name=self.name,
        )

    def prepare_head(self, model: keras.Model, tokenizer: AlbertTokenizer) -> None:
        """Lets the bias of each piece start at its frequency.

        What is learned first is then what the context says. Otherwise it is how frequent each piece
        is, by embeddings that all point in one direction, and a small corpus takes thousands of
        steps to get past that.
        """
        if tokenizer.log_frequencies is not None:
            model.get_layer("mlm").output_bias.assign(tokenizer.log_frequencies)

    def loss(self) -> dict[str, keras.losses.Loss]:
        """Returns the losses of masked words and of the order, which are added up."""
        from models.pretraining.model import known_targets_loss

        return {name: known_targets_loss() for name in self.weights_heads}

    def training_metrics(self) -> dict[str, list[keras.metrics.Metric]]:
        from models.pretraining.model import KnownTargetsAccuracy

        # Keras puts the output's name before that of the metric, where there are several outputs.
        name = "accuracy" if self.options.sentence_order else self.selection_metric
        return {output: [KnownTargetsAccuracy(name)] for output in self.weights_heads}

    def decode(self, logits: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Turns logits into ids of the most probable pieces and their probabilities.

        Args:
          logits: `mlm`, float32 `(batch, masks, vocabulary)`, and `sop`, `(batch, 2)`.

        Returns:
          `tokens` int32 and `scores` float32, `(batch, masks, top_k)`; `in_order` float32
          `(batch,)`, the probability that the first of two segments comes first.
        """
        import tensorflow as tf

        probabilities = tf.nn.softmax(tf.cast(logits["mlm"], tf.float32))
        vocabulary_size: Any = probabilities.shape[-1]
        count = min(self.options.top_k, vocabulary_size)
        scores, pieces = tf.math.top_k(probabilities, count)
        answers = {keys.TOKENS: pieces, keys.SCORES: scores}
        if self.options.sentence_order:
            answers[keys.IN_ORDER] = tf.nn.softmax(tf.cast(logits["sop"], tf.float32))[:, 0]
        return answers

    def answer(
        self,
        features: Mapping[str, tf.Tensor],
        model: PaddedModel,
        tokenizer: AlbertTokenizer,
        max_length: int,
    ) -> dict[str, tf.Tensor]:
        """Fills in the masks of texts.

        Returns:
          `tokens` string and `scores` float32, `(batch, masks, top_k)`, in the order of the masks;
          "" and 0.0 for masks that a text does not have or that its end was cut off with. Where the
          order of sentences was learned, `in_order` float32 `(batch,)`: the probability that the
          two lines of a text are in their order, -1.0 for a text of one line.
        """
        import tensorflow as tf

        from models.pretraining.blanks import read_blanks
        from models.pretraining.rows import blank_inputs

        inputs = blank_inputs(
            read_blanks(features[keys.TEXT], tokenizer, max_length), pad_id=tokenizer.pad_id
        )
        outputs = model(inputs)
        answers = self.decode(outputs) | self.reference(inputs, outputs)
        words = tf.gather(_words(tokenizer), answers[keys.TOKENS])
        asked = tf.expand_dims(inputs[keys.MASKED_POSITIONS], -1) > 0
        return answers | {keys.TOKENS: tf.where(asked, words, "")}

    def reference(self, inputs: Mapping[str, tf.Tensor], outputs: Any) -> dict[str, tf.Tensor]:
        """Returns scores and order, without the words, which the vocabulary is needed for."""
        import tensorflow as tf

        answers = self.decode(outputs)
        asked = tf.cast(inputs[keys.MASKED_POSITIONS] > 0, tf.float32)
        known = {keys.SCORES: answers[keys.SCORES] * tf.expand_dims(asked, -1)}
        if self.options.sentence_order:
            has_second = tf.reduce_any(inputs[keys.SEGMENT_IDS] > 0, axis=1)
            known[keys.IN_ORDER] = tf.where(has_second, answers[keys.IN_ORDER], -1.0)
        return known

    # --- evaluation ------------------------------------------------------------------------------

    def metrics(self) -> tuple[Metric, ...]:
        words = (
            Metric("mlm_accuracy", "FillMaskAccuracy", _METRICS_MODULE),
            Metric("mlm_top_k", "FillMaskTopK", _METRICS_MODULE),
        )
        if not self.options.sentence_order:
            return words
        return (*words, Metric("sop_accuracy", "SentenceOrderAccuracy", _METRICS_MODULE))

    @property
    def label_key(self) -> str:
        return keys.HIDDEN_WORDS

    @property
    def prediction_key(self) -> str:
        """All outputs: metrics need words and order."""
        return ""

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.SENTENCES, keys.LENGTH_BUCKET)


def _sentence_bucket(count: int) -> str:
    """Returns the range that a number of sentences falls in.

    >>> _sentence_bucket(1), _sentence_bucket(3), _sentence_bucket(20)
    ('1', '2-4', '9+')
    """
    return next((name for last, name in _SENTENCE_BUCKETS if count <= last), "9+")


def _words(tokenizer: AlbertTokenizer) -> tf.Tensor:
    """Returns each piece as it is read, string `(vocabulary_size,)`.

    That is without its word start, but for the piece that is nothing else.
    """
    import tensorflow as tf

    from models.tokenizer import WORD_START

    return tf.constant(
        [piece.removeprefix(WORD_START) or piece for piece in tokenizer.pieces.tolist()]
    )


TASK = Pretraining
