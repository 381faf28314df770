"""Pairs of consecutive segments for sentence-order prediction, drawn anew for every seed.

Plain TensorFlow ops without state, for tf.data; the same seed makes the same pairs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from models.packing import pack, truncate
from schemas import features as keys

SHORT_SHARE = 0.1
"""Rows that are cut to a random length, so that the model meets short texts too. Source of this and
of the order: create_pretraining_data.py of google-research/albert (https://arxiv.org/abs/1909.11942)."""

_SWAPPED_SHARE = 0.5
IN_ORDER, SWAPPED, NO_PAIR = 0, 1, -1
"""Targets of sentence order, numbered as in transformers; a row of one sentence has none."""


class Sentences(NamedTuple):
    """The pieces of the consecutive sentences of each row, without special ones.

    Attributes:
      token_ids: int `(batch, None)`.
      word_starts: Whether a word starts there, bool, of the same lengths.
      sentence_ids: Number of the sentence, ascending from 0 on, int, of the same lengths.
    """

    token_ids: tf.RaggedTensor
    word_starts: tf.RaggedTensor
    sentence_ids: tf.RaggedTensor


class Segments(NamedTuple):
    """Two segments a row; the second is empty where there was one sentence.

    Attributes:
      first: Columns of the tensors of `Sentences` in the first segment, int64 `(batch, None)`.
      second: Those of the second.
      order: `IN_ORDER`, `SWAPPED` or `NO_PAIR`, int32 `(batch,)`.
    """

    first: tf.RaggedTensor
    second: tf.RaggedTensor
    order: tf.Tensor


def draw_segments(sentence_ids: tf.RaggedTensor, *, seed: tf.Tensor) -> Segments:
    """Cuts each row between two of its sentences, and swaps the parts of every other row.

    Args:
      sentence_ids: Number of the sentence of each piece, ascending from 0 on, int `(batch, None)`.
      seed: Integers `(2,)`.
    """
    short_seed, cut_seed, swap_seed = tf.unstack(tf.random.split(seed, 3))
    kept = truncate(sentence_ids, _kept_lengths(sentence_ids, short_seed))
    batch = kept.nrows()
    # Ascending, so that the last is the largest; 0 for a row without pieces.
    last = tf.maximum(tf.reduce_max(kept, axis=1), 0)
    draw = tf.random.stateless_uniform([batch], cut_seed)
    cut = 1 + tf.cast(draw * tf.cast(last, tf.float32), kept.dtype)
    first_later: Any = tf.expand_dims(cut, 1)
    before = tf.reduce_sum(tf.cast(kept < first_later, tf.int64), axis=1)
    swapped = tf.random.stateless_uniform([batch], swap_seed) < _SWAPPED_SHARE
    lengths = kept.row_lengths()
    has_pair = before < lengths
    earlier = tf.ragged.range(tf.zeros_like(before), before)
    later = tf.ragged.range(before, lengths)
    swapped &= has_pair
    order = tf.where(has_pair, tf.where(swapped, SWAPPED, IN_ORDER), NO_PAIR)
    return Segments(_choose(swapped, later, earlier), _choose(swapped, earlier, later), order)


def _kept_lengths(rows: tf.RaggedTensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns the lengths of the rows, of some of them a random shorter one of at least 2."""
    which_seed, length_seed = tf.unstack(tf.random.split(seed, 2))
    lengths = rows.row_lengths()
    is_short = tf.random.stateless_uniform([rows.nrows()], which_seed) < SHORT_SHARE
    draw = tf.random.stateless_uniform([rows.nrows()], length_seed)
    short = 2 + tf.cast(draw * tf.cast(lengths - 1, tf.float32), tf.int64)
    return tf.where(is_short, tf.minimum(short, lengths), lengths)


def _choose(condition: tf.Tensor, yes: tf.RaggedTensor, no: tf.RaggedTensor) -> tf.RaggedTensor:
    """Returns the rows of `yes` where `condition`, bool `(batch,)`, holds, else those of `no`."""
    both: Any = tf.concat([yes, no], axis=0)
    rows = tf.range(yes.nrows())
    return tf.gather(both, tf.where(condition, rows, rows + yes.nrows()))


def pack_segments(
    first: tf.RaggedTensor,
    second: tf.RaggedTensor,
    *,
    cls_id: Any,
    sep_id: Any,
    max_length: int | None = None,
) -> dict[str, tf.RaggedTensor]:
    """Joins segments as `models.packing.pack` does; a row without a second has one `[SEP]` only.

    Args:
      first: Piece ids, int32 `(batch, None)`.
      second: Piece ids, int32 `(batch, None)`.
      cls_id: Id of `[CLS]`.
      sep_id: Id of `[SEP]`.
      max_length: Longest row; None: whatever the segments come to.

    Returns:
      `token_ids` and `segment_ids`, int32 `(batch, None)`.
    """
    longest = tf.int32.max if max_length is None else max_length
    packed = pack(first, second, cls_id=cls_id, sep_id=sep_id, max_length=longest)
    superfluous = tf.cast(tf.equal(second.row_lengths(), 0), tf.int64)
    lengths = packed[keys.TOKEN_IDS].row_lengths() - superfluous
    return {name: truncate(rows, lengths) for name, rows in packed.items()}
