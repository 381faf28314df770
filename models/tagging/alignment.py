"""Which tag each word has, from where words and entities stand, in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

OUTSIDE_ID = 0
"""Tag id of what is in no entity; those of type `t` are `1 + 2 * t` at its start, then one more."""

ROW = 1 << 32
"""More than there are code points in a text."""


class Entities(NamedTuple):
    """The entities of texts, in their order, none over another.

    Attributes:
      starts: First code point of each, int64 `(batch, None)`.
      ends: The code point after its last one, int64, same shape.
      type_ids: Position of its type among the declared ones, int64, same shape.
    """

    starts: tf.RaggedTensor
    ends: tf.RaggedTensor
    type_ids: tf.RaggedTensor


def parse_entities(joined: tf.Tensor, types: Sequence[str]) -> Entities:
    """Reads what `models.tagging.spans.join_spans` wrote.

    Args:
      joined: string `(batch,)`.
      types: The declared types.
    """
    fields = tf.strings.split(joined)
    parts = tf.strings.split(fields.flat_values, ":", maxsplit=2).to_tensor(shape=[None, 3])
    starts, ends = (tf.strings.to_number(parts[:, place], tf.int64) for place in (0, 1))
    is_type = parts[:, 2:] == tf.constant(types)
    type_ids = tf.argmax(tf.cast(is_type, tf.int32), axis=1)
    return Entities(*map(fields.with_flat_values, (starts, ends, type_ids)))


def tag_words(row: tf.Tensor, starts: tf.Tensor, ends: tf.Tensor, entities: Entities) -> tf.Tensor:
    """Returns the tag of each word.

    A word that an entity covers in part belongs to it, and to the first of several: its tag then
    says more than the entity does, and the entity cannot be found exactly.

    Args:
      row: Row of each word, int64 `(words,)`, rising.
      starts: Its first code point, integer, same shape, rising within a row.
      ends: The code point after its last one, integer, same shape.
      entities: Those of the rows.

    Returns:
      Tag ids, int64 `(words,)`.
    """
    entity_row = entities.starts.value_rowids()
    starts, ends = tf.cast(starts, tf.int64), tf.cast(ends, tf.int64)
    # The number of entities that end before a word, or where it starts: the next one may hold it.
    entity = tf.raw_ops.UpperBound(
        sorted_inputs=(entity_row * ROW + entities.ends.flat_values)[tf.newaxis],
        values=(row * ROW + starts)[tf.newaxis],
        out_type=tf.int64,
    )[0]
    is_inside = (_at(entity_row, entity) == row) & (_at(entities.starts.flat_values, entity) < ends)
    entity = tf.where(is_inside, entity, -1)
    is_first = entity != tf.concat([[tf.constant(-1, tf.int64)], entity[:-1]], axis=0)
    inside = tf.cast(tf.logical_not(is_first), tf.int64)
    tag = 1 + 2 * _at(entities.type_ids.flat_values, entity) + inside
    return tf.where(is_inside, tag, OUTSIDE_ID)


def _at(values: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Returns the values at `index`; -1 beyond them, on either side."""
    padded = tf.pad(values, [[1, 1]], constant_values=-1)
    return tf.gather(padded, tf.clip_by_value(index + 1, 0, tf.size(values, tf.int64) + 1))
