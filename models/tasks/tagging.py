"""Tagging: the entities of a text, each with its type and its place in the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveInt, field_validator, model_validator
from typing_extensions import Self

from models.plan.sequences import CountPieces, RowSequences, window_lengths
from models.tagging.rows import MADE, NO_TYPE, entity_features, read_row
from models.tagging.schemes import Scheme, TagError, iob2_tags, types_of_tags
from models.tasks.base import Features, FeatureValue, Metric, Recipe, RowValue, Task
from models.tasks.rows import folded, refuse_made_names
from models.tasks.texts import length_bucket
from schemas import features as keys
from schemas.errors import UserError
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from models.tagging.inputs import CutTexts
    from models.tasks.base import PaddedModel
    from models.tokenizer import AlbertTokenizer

_METRICS_MODULE = "models.metrics.tagging"
_SPECIAL_PIECES = 2


class Options(Section):
    """The `task` section of a tagging config."""

    types: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Every type of entity there is; the model's tags are O, then B- and I- of each."
    )
    scheme: Scheme = Field(
        default="iob",
        description="Tags of the files: iob (IOB1 and IOB2, as the CoNLL scorer reads them), iob2 "
        "(an I- that continues nothing is refused), or bilou (BIOES too).",
    )
    tags: tuple[str, ...] = Field(
        default=(),
        description="What numbers in the place of tags stand for, from 0 on: the class names of a "
        "table of the Hugging Face hub; unset: files have the tags themselves.",
    )
    split_punctuation: bool = Field(
        default=True,
        description="Whether a punctuation mark is a word of its own, as text that nobody has "
        "split into words needs it.",
    )
    stride: PositiveInt | None = Field(
        default=None,
        description="Pieces between the starts of two windows of a text that is longer than "
        "model.max_length; unset: half of those that a window holds.",
    )

    @field_validator("types")
    @classmethod
    def _usable(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(types)) != len(types):
            raise ValueError(f"types must be unique; received {list(types)}")
        if any(kind != "".join(kind.split()) or not kind for kind in types):
            raise ValueError(f"types must have text and no white space; received {list(types)}")
        if NO_TYPE in types:
            raise ValueError(f"a type must not be named {NO_TYPE!r}, the slice of rows without any")
        return types

    @model_validator(mode="after")
    def _tags_of_types(self) -> Self:
        if strange := sorted({tag.partition("-")[2] for tag in self.tags} - {"", *self.types}):
            raise ValueError(f"tags must be of types that are declared; received {strange}")
        return self


class Tagging(Task):
    """Finds the entities of a text; of one that is longer than the model's input in windows."""

    name = "tagging"
    Options = Options
    # The paper has no recipe for tagging; these are what BERT's authors found for fine-tuning.
    recipe = Recipe(learning_rate=3e-5, batch_size=32, epochs=4.0, warmup_ratio=0.1)
    schema = "tagging.pbtxt"
    formats = ("conll", "jsonl", "parquet")
    columns = (keys.TEXT, keys.ENTITIES, keys.WORDS, keys.TAGS)
    required_columns = ()
    structured_columns = (keys.ENTITIES, keys.WORDS, keys.TAGS)
    baselines = ("majority_tag",)
    selection_metric = "f1"
    weights_heads: ClassVar = {"logits": "token_classifier"}

    options: Options

    @classmethod
    def options_for(
        cls, heads: Mapping[str, int], labels: Sequence[str], problem_type: str
    ) -> dict[str, Any] | None:
        """Returns the types of a head on tokens whose labels are IOB2 tags, in any order.

        Raises:
          UserError: If they are others.
        """
        del problem_type
        if "token_classifier" not in heads:
            return None
        try:
            return {"types": list(types_of_tags(labels))}
        except TagError as error:
            raise UserError(
                f"the outputs of a model that tags must be IOB2 tags; {error}; name them with "
                "--label, in their order"
            ) from error

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags, in the order of the logits."""
        return iob2_tags(self.options.types)

    # --- ingest ----------------------------------------------------------------------------------

    def encode_row(self, row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
        """Turns one row into features; further columns are kept, to slice the evaluation by.

        Args:
          row: `words` with `tags`, or `text` with `entities`; without tags and entities where
            nothing is learned from the row.

        Raises:
          RowError: If the text is empty, or tags or spans break a rule.
          UserError: If a column has the name of a feature that is made here.
        """
        options = self.options
        text, spans = read_row(row, types=options.types, scheme=options.scheme, tags=options.tags)
        made: dict[str, FeatureValue] = {
            keys.TEXT: text.encode(),
            keys.LENGTH_BUCKET: length_bucket(len(text.split())).encode(),
        }
        if spans is not None:
            made |= entity_features(text, spans)
        extra = {name: value for name, value in row.items() if name not in self.columns}
        refuse_made_names(extra, MADE)
        return {name: str(value).encode() for name, value in extra.items()} | made

    @property
    def request_columns(self) -> tuple[str, ...]:
        return (keys.TEXT, keys.WORDS)

    def identity(self, features: Mapping[str, FeatureValue]) -> str:
        """Returns the text without regard to width and white space; case tells names from words."""
        return folded(features[keys.TEXT], keep_case=True)

    # --- transform and serving -------------------------------------------------------------------

    def serving_inputs(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf

        return {keys.TEXT: tf.TensorSpec([None], tf.string, name=keys.TEXT)}

    def preprocess(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, tf.RaggedTensor]:
        """Returns windows of packed pieces, and at the first of a word where that stands."""
        return self._cut(features, tokenizer, max_length).inputs

    def transform(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> dict[str, Any]:
        """Turns raw features into windows, each a row, in which a word is learned once."""
        import tensorflow as tf

        from models.tagging.alignment import parse_entities
        from models.tagging.inputs import tag_targets

        texts = self._cut(features, tokenizer, max_length)
        entities = parse_entities(features[keys.ENTITIES], self.options.types)
        return {
            **texts.inputs,
            keys.TAG_IDS: tag_targets(texts, entities),
            keys.NUM_WINDOWS: texts.windows.counts(),
            keys.ROW_ID: tf.gather(features[keys.ROW_ID], texts.windows.rows),
        }

    def _cut(
        self, features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
    ) -> CutTexts:
        from models.tagging.inputs import cut_texts

        return cut_texts(
            features[keys.TEXT],
            tokenizer,
            max_length,
            stride=self._stride(max_length),
            split_punctuation=self.options.split_punctuation,
        )

    def _stride(self, max_length: int) -> int:
        return self.options.stride or (max_length - _SPECIAL_PIECES) // 2

    def target_spec(self) -> dict[str, Any]:
        import tensorflow as tf

        return {keys.ENTITIES: tf.io.FixedLenFeature([], tf.string)}

    def targets(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns nothing: the tags of words are known with the windows, in `transform`."""
        return {}

    def batch(self, rows: Features, *, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Makes a batch of windows; the target is the tag at the first piece of each word."""
        import tensorflow as tf

        from models.tagging.inputs import pad_rows
        from models.tagging.training import NO_TAG

        del seed
        inputs = pad_rows(rows)
        shape = tf.shape(inputs[keys.TOKEN_IDS])
        return inputs, tf.cast(rows[keys.TAG_IDS], tf.int32).to_tensor(NO_TAG, shape=shape)

    def sequences(
        self, row: Mapping[str, RowValue], count_pieces: CountPieces, max_length: int
    ) -> RowSequences:
        """Returns a row for each window of the text, which may be given by its words."""
        text = str(row.get(keys.TEXT, " ".join(map(str, row.get(keys.WORDS, ())))))
        lengths = window_lengths(
            _SPECIAL_PIECES,
            count_pieces(text),
            max_length=max_length,
            stride=self._stride(max_length),
        )
        return [[length] for length in lengths]

    # --- model -----------------------------------------------------------------------------------

    def build_model(self, backbone: keras.Model, *, dropout: float, seed: int) -> keras.Model:
        """Puts dropout and a dense layer on every token, as transformers does.

        Returns:
          A model to logits, float32 `(batch, length, num_tags)`: 0 at tokens that are not the first
          of a word, which count nowhere. By `word_starts` and `word_ends`, its inputs beside the
          backbone's, its answers find the text again.
        """
        import keras

        from models.albert.heads import dense_head

        backbone.pooled_dense.trainable = False  # no tag depends on it
        sequence = backbone(backbone.input)["sequence_output"]
        logits = dense_head(sequence, len(self.labels), dropout=dropout, seed=seed)
        words = {
            name: keras.Input((None,), dtype="int32", name=name)
            for name in (keys.WORD_STARTS, keys.WORD_ENDS)
        }
        is_first = words[keys.WORD_STARTS] < words[keys.WORD_ENDS]
        counted = keras.ops.where(keras.ops.expand_dims(is_first, -1), logits, 0.0)
        return keras.Model({**backbone.input, **words}, counted, name=self.name)

    def loss(self) -> keras.losses.Loss:
        from models.tagging.training import TagCrossEntropy

        return TagCrossEntropy()

    def training_metrics(self) -> list[keras.metrics.Metric]:
        from models.tagging.training import EntityF1

        return [EntityF1(name="f1")]

    def decode(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the most probable tag of every token and its probability, `(batch, length)`.

        Entities are found in the tags of words, which `answer` and `reference_rows` know.
        """
        import tensorflow as tf

        probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
        return {
            keys.TAGS: tf.gather(tf.constant(self.labels), tf.argmax(probabilities, axis=-1)),
            keys.PROBABILITY: tf.reduce_max(probabilities, axis=-1),
        }

    def answer(
        self,
        features: Mapping[str, tf.Tensor],
        model: PaddedModel,
        tokenizer: AlbertTokenizer,
        max_length: int,
    ) -> dict[str, tf.Tensor]:
        """Finds entities in all windows of a text: see `models.tagging.decoding`."""
        import tensorflow as tf

        from models.tagging.decoding import answer_entities, list_entities, tagged_words
        from models.tagging.inputs import pad_rows

        text = features[keys.TEXT]
        cut = self._cut(features, tokenizer, max_length)
        inputs = pad_rows(cut.inputs, pad_id=tokenizer.pad_id)
        words = tagged_words(model(inputs), inputs, cut.windows.rows)
        entities = list_entities(words, tf.size(text, tf.int64), self.options.types)
        return answer_entities(text, entities)

    def reference_rows(
        self, rows: Features, model: PaddedModel
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Returns the entities of the texts all of whose windows are there, without their text."""
        import tensorflow as tf

        from models.tagging.decoding import list_entities, pad_entities, tagged_words
        from models.tagging.inputs import pad_rows
        from models.windows import group_rows

        row_ids, index, is_whole = group_rows(rows)
        inputs = pad_rows(rows)
        words = tagged_words(model(inputs), inputs, index)
        entities = list_entities(words, tf.size(row_ids, tf.int64), self.options.types)
        padded = pad_entities(
            {name: tf.ragged.boolean_mask(value, is_whole) for name, value in entities.items()}
        )
        return row_ids[is_whole], {
            name: padded[name] for name in (keys.STARTS, keys.ENDS, keys.SCORES)
        }

    # --- evaluation ------------------------------------------------------------------------------

    def metrics(self) -> tuple[Metric, ...]:
        """Returns F1, precision and recall of exact entities, then F1 of each type."""
        return (
            Metric("f1", "EntityF1", _METRICS_MODULE),
            Metric("precision", "EntityPrecision", _METRICS_MODULE),
            Metric("recall", "EntityRecall", _METRICS_MODULE),
            *(
                Metric(f"f1_{kind}", "EntityF1", _METRICS_MODULE, {"entity_type": kind})
                for kind in self.options.types
            ),
        )

    @property
    def label_key(self) -> str:
        return keys.ENTITIES

    @property
    def prediction_key(self) -> str:
        return keys.ENTITIES

    @property
    def slice_keys(self) -> tuple[str, ...]:
        return (keys.ENTITY_TYPE, keys.LENGTH_BUCKET)


TASK = Tagging
