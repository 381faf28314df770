"""From the logits of pieces to the entities of texts, in the graph that is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

from models.tagging.alignment import OUTSIDE_ID, ROW
from models.tagging.words import NO_WORD, valid_text
from schemas import features as keys


class Runs(NamedTuple):
    """Entities as runs of words, in their order.

    Attributes:
      first: Index of the first word of each, int64 `(entities,)`.
      last: Index of its last word, int64, same shape.
      type_ids: Its type, int64, same shape.
    """

    first: tf.Tensor
    last: tf.Tensor
    type_ids: tf.Tensor


class TaggedWords(NamedTuple):
    """Words of a batch, one row after the other, with what a model says of them.

    Attributes:
      row: Row of each, int64 `(words,)`.
      starts: Its first code point, int32, same shape.
      ends: The code point after its last one, int32, same shape.
      probabilities: Of each tag, float32 `(words, tags)`.
    """

    row: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor
    probabilities: tf.Tensor


def find_runs(tags: tf.Tensor, row: tf.Tensor) -> Runs:
    """Finds entities in tags, as the CoNLL scorer does, and seqeval unless it is told otherwise.

    A `B-` starts an entity, and so does an `I-` that has none of its type right before it: what a
    model says need not be valid IOB2.

    Args:
      tags: Tag id of each word, int64 `(words,)`.
      row: Row of each, int64 `(words,)`; an entity does not go over the end of a row.
    """
    is_inside = tags != OUTSIDE_ID
    type_id = tf.where(is_inside, (tags - 1) // 2, -1)
    is_begin = is_inside & (tf.math.floormod(tags, 2) == 1)
    follows = (type_id[1:] == type_id[:-1]) & (row[1:] == row[:-1])
    follows = tf.concat([tf.zeros_like(is_inside[:1]), follows], axis=0)
    continues = is_inside & tf.logical_not(is_begin) & follows
    goes_on = tf.concat([continues[1:], tf.zeros_like(continues[:1])], axis=0)
    first = tf.where(is_inside & tf.logical_not(continues))[:, 0]
    last = tf.where(is_inside & tf.logical_not(goes_on))[:, 0]
    return Runs(first, last, tf.gather(type_id, first))


def tagged_words(
    logits: tf.Tensor, inputs: Mapping[str, tf.Tensor], rows: tf.Tensor
) -> TaggedWords:
    """Takes the logits of the first piece of each word, and puts the words in their order.

    Args:
      logits: Of the windows, float32 `(windows, length, tags)`.
      inputs: `word_starts` and `word_ends`, int32 `(windows, length)`.
      rows: Row that a window belongs to, int64 `(windows,)`; windows may be in any order.
    """
    place = tf.where(inputs[keys.WORD_STARTS] != NO_WORD)
    row = tf.gather(rows, place[:, 0])
    start = tf.gather_nd(inputs[keys.WORD_STARTS], place)
    order = tf.argsort(row * ROW + tf.cast(start, tf.int64), stable=True)
    place = tf.gather(place, order)
    return TaggedWords(
        tf.gather(row, order),
        tf.gather(start, order),
        tf.gather_nd(inputs[keys.WORD_ENDS], place),
        tf.nn.softmax(tf.gather_nd(tf.cast(logits, tf.float32), place)),
    )


def list_entities(
    words: TaggedWords, num_rows: tf.Tensor, types: Sequence[str]
) -> dict[str, tf.RaggedTensor]:
    """Returns the entities of each row.

    Args:
      words: The words, with the probabilities of their tags.
      num_rows: Rows of the batch, int64 scalar.
      types: The declared types.

    Returns:
      `types` string, `starts` and `ends` int32 in code points, and `scores` float32, the mean
      probability of the tags of an entity's words, all `(batch, None)`.
    """
    tags = tf.argmax(words.probabilities, axis=-1)
    runs = find_runs(tags, words.row)
    row = tf.gather(words.row, runs.first)
    length = runs.last + 1 - runs.first
    certain = tf.reduce_max(words.probabilities, axis=-1)
    run = tf.repeat(tf.range(tf.size(length, tf.int64)), length)
    offset = tf.range(tf.size(run, tf.int64)) - tf.gather(tf.cumsum(length, exclusive=True), run)
    member = tf.gather(runs.first, run) + offset
    found = {
        keys.TYPES: tf.gather(tf.constant(types), runs.type_ids),
        keys.STARTS: tf.gather(words.starts, runs.first),
        keys.ENDS: tf.gather(words.ends, runs.last),
        keys.SCORES: tf.math.segment_mean(tf.gather(certain, member), run),
    }
    return {
        name: tf.RaggedTensor.from_value_rowids(  # pyright: ignore[reportAttributeAccessIssue]
            value, row, nrows=num_rows, validate=False
        )
        for name, value in found.items()
    }


def pad_entities(entities: Mapping[str, tf.RaggedTensor]) -> dict[str, tf.Tensor]:
    """Fills the lists up to the longest of the batch: "", -1 or 0.0."""
    fillers: Mapping[str, str | int | float] = {
        keys.TYPES: "",
        keys.STARTS: -1,
        keys.ENDS: -1,
        keys.SCORES: 0.0,
    }
    return {name: value.to_tensor(fillers[name]) for name, value in entities.items()}


def answer_entities(
    text: tf.Tensor, entities: Mapping[str, tf.RaggedTensor]
) -> dict[str, tf.Tensor]:
    """Returns the served answers to raw text.

    Args:
      text: string `(batch,)`.
      entities: What `list_entities` found in it.

    Returns:
      The lists, `(batch, longest)`, with `texts`, the parts of the original that the entities
      cover, and `entities`, string `(batch,)`: all of a row as `models.tagging.spans` joins them.
    """
    starts, ends = entities[keys.STARTS], entities[keys.ENDS]
    originals = tf.gather(valid_text(text), starts.value_rowids())
    lengths = ends.flat_values - starts.flat_values
    texts = tf.strings.substr(originals, starts.flat_values, lengths, unit="UTF8_CHAR")
    parts = [
        tf.strings.as_string(starts.flat_values),
        tf.strings.as_string(ends.flat_values),
        entities[keys.TYPES].flat_values,
    ]
    joined = starts.with_flat_values(tf.strings.join(parts, separator=":"))
    return {
        **pad_entities(entities),
        keys.TEXTS: starts.with_flat_values(texts).to_tensor(""),
        keys.ENTITIES: tf.strings.reduce_join(joined, axis=1, separator=" "),
    }
