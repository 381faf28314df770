"""Hides words of a batch for the masked language model, anew for every seed.

Plain TensorFlow ops without state, for tf.data: the same seed hides the same words, so that a run
that goes on after a break sees what it would have seen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from models.pretraining.cloze import HIDDEN_SHARE

SPAN_SHARES = (6 / 11, 3 / 11, 2 / 11)
"""Of the spans of 1, 2 and 3 words: in proportion to 1/n. Source of this and the following:
https://arxiv.org/abs/1909.11942, section 4.1, and create_pretraining_data.py of
google-research/albert."""

_REPLACED_BY_MASK, _LEFT_AS_IT_IS = 0.8, 0.1  # a random piece stands in the place of the rest
NO_TARGET = -1
"""In the place of a target where there is none."""


class SpecialPieces(NamedTuple):
    """What masking must know of the vocabulary; integer scalars.

    Attributes:
      cls_id: Id of `[CLS]`.
      sep_id: Id of `[SEP]`.
      mask_id: Id of `[MASK]`.
      pad_id: Id of `<pad>`.
      vocabulary_size: Number of ids.
    """

    cls_id: Any
    sep_id: Any
    mask_id: Any
    pad_id: Any
    vocabulary_size: Any


class MaskedBatch(NamedTuple):
    """A batch in which some pieces are hidden.

    Attributes:
      token_ids: int32 `(batch, length)`.
      positions: Where the pieces to tell are, ascending, int32 `(batch, most)`; 0 fills up.
      targets: Which pieces they are, int32 `(batch, most)`; `NO_TARGET` fills up.
    """

    token_ids: tf.Tensor
    positions: tf.Tensor
    targets: tf.Tensor


def mask_words(
    token_ids: tf.Tensor,
    word_starts: tf.Tensor,
    special: SpecialPieces,
    *,
    seed: tf.Tensor,
    max_predictions: int | None,
) -> MaskedBatch:
    """Hides 15 % of the pieces of each row: whole words, in spans of up to three.

    Of the pieces to tell, 80 % are replaced by `[MASK]`, 10 % by a random piece, and 10 % stay.
    A row's last span is cut to the words that its share has room for, as in the original; a word
    of more pieces than that is never hidden.

    Args:
      token_ids: int32 `(batch, length)`.
      word_starts: Whether a word starts there, bool `(batch, length)`; one always does after a
        special piece.
      special: Pieces that are never hidden, and never put in the place of another.
      seed: Integers `(2,)`.
      max_predictions: Pieces of a row that may be asked for; None: all of its share.
    """
    span_seed, replacement_seed = _split(seed, 2)
    is_special = _is_special(token_ids, special)
    ordinary = tf.logical_not(is_special)
    after_special = tf.pad(is_special[:, :-1], [[0, 0], [1, 0]], constant_values=True)
    words = _words((word_starts | after_special) & ordinary, ordinary)
    count = tf.reduce_sum(tf.cast(ordinary, tf.int32), axis=1, keepdims=True)
    share = tf.cast(tf.round(tf.cast(count, tf.float32) * HIDDEN_SHARE), tf.int32)
    budget = tf.maximum(share, 1)
    if max_predictions is not None:
        budget = tf.minimum(budget, max_predictions)
    usable = ordinary & (words.lengths <= budget)
    rank = _ranks(tf.where(usable, _span_priority(words.index, span_seed), 2.0))
    # A word is taken if its last piece is within the budget: pieces of a word have ranks in a row.
    chosen = usable & (rank + words.pieces_after < budget)
    masked = tf.where(chosen, _replacements(token_ids, special, replacement_seed), token_ids)
    positions = tf.ragged.boolean_mask(
        tf.broadcast_to(tf.range(tf.shape(token_ids)[1]), tf.shape(token_ids)), chosen
    )
    targets = tf.ragged.boolean_mask(token_ids, chosen)
    most = tf.maximum(tf.cast(positions.bounding_shape(axis=1), tf.int32), 1)
    shape = tf.stack([-1, most])
    return MaskedBatch(
        masked, positions.to_tensor(0, shape=shape), targets.to_tensor(NO_TARGET, shape=shape)
    )


class _Words(NamedTuple):
    """The word of each piece; tensors `(batch, length)`, int32.

    Attributes:
      index: Number of the word in its row, from 0 on.
      lengths: Its number of pieces.
      pieces_after: How many of them stand after this one.
    """

    index: tf.Tensor
    lengths: tf.Tensor
    pieces_after: tf.Tensor


def _words(starts: tf.Tensor, ordinary: tf.Tensor) -> _Words:
    """Numbers the words of each row; what is not `ordinary` has no length."""
    batch, length = tf.unstack(tf.shape(starts))
    index = tf.maximum(tf.cumsum(tf.cast(starts, tf.int32), axis=1) - 1, 0)
    number = tf.reshape(index + tf.range(batch)[:, tf.newaxis] * length, [-1])
    one = tf.reshape(tf.cast(ordinary, tf.int32), [-1])
    lengths = tf.gather(tf.math.unsorted_segment_sum(one, number, batch * length), number)
    lengths = tf.reshape(lengths, (batch, length))
    # A running count of pieces, less that at the start of the word.
    seen = tf.cumsum(tf.cast(ordinary, tf.int32), axis=1)
    firsts = tf.math.unsorted_segment_min(
        tf.where(tf.reshape(ordinary, [-1]), tf.reshape(seen, [-1]), seen.dtype.max),
        number,
        batch * length,
    )
    first = tf.reshape(tf.gather(firsts, number), (batch, length))
    return _Words(index, lengths, lengths - 1 - (seen - first))


def _span_priority(words: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Cuts the words of each row into spans, and returns a random number of the span of each piece.

    Args:
      words: Number of the word of each piece, int32 `(batch, length)`.
      seed: Integers `(2,)`.

    Returns:
      float32 `(batch, length)` from 0 to 1, the same for all pieces of a span.
    """
    batch, length = tf.unstack(tf.shape(words))
    lengths_seed, shift_seed, order_seed = _split(seed, 3)
    # One span more than there are words: the first one may have begun before the row does.
    shape = (batch, length + 1)
    draw = tf.random.stateless_uniform(shape, lengths_seed)
    lengths = 1 + tf.reduce_sum(
        tf.cast([draw >= SPAN_SHARES[0], draw >= 1.0 - SPAN_SHARES[2]], tf.int32), axis=0
    )
    shift = tf.random.stateless_uniform((batch, 1), shift_seed, maxval=3, dtype=tf.int32)
    starts = tf.cumsum(lengths, axis=1, exclusive=True) - tf.minimum(shift, lengths[:, :1] - 1)
    spans = tf.searchsorted(starts, words, side="right") - 1
    return tf.gather(tf.random.stateless_uniform(shape, order_seed), spans, batch_dims=1)


def _ranks(values: tf.Tensor) -> tf.Tensor:
    """Returns the place of each value in its row sorted, from 0 on; equal ones in their order."""
    return tf.argsort(tf.argsort(values, axis=1, stable=True), axis=1)


def _replacements(token_ids: tf.Tensor, special: SpecialPieces, seed: tf.Tensor) -> tf.Tensor:
    """Returns what stands in the place of each piece if it is hidden."""
    kind_seed, piece_seed = _split(seed, 2)
    kind = tf.random.stateless_uniform(tf.shape(token_ids), kind_seed)
    pieces = tf.random.stateless_uniform(
        tf.shape(token_ids),
        piece_seed,
        maxval=tf.cast(special.vocabulary_size, tf.int32),
        dtype=tf.int32,
    )
    mask = tf.fill(tf.shape(token_ids), tf.cast(special.mask_id, tf.int32))
    pieces = tf.where(_is_special(pieces, special), mask, pieces)
    kept = tf.where(kind < _REPLACED_BY_MASK + _LEFT_AS_IT_IS, token_ids, pieces)
    return tf.where(kind < _REPLACED_BY_MASK, mask, kept)


def _is_special(token_ids: tf.Tensor, special: SpecialPieces) -> tf.Tensor:
    ids = tf.stack([tf.cast(piece, tf.int32) for piece in special[:-1]])
    return tf.reduce_any(tf.expand_dims(token_ids, -1) == ids, axis=-1)


def _split(seed: tf.Tensor, count: int) -> list[tf.Tensor]:
    return tf.unstack(tf.random.split(seed, count))
