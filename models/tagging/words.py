"""Words of raw text, in the graph: where they stand, and which piece is the first of each.

Nothing is split before SentencePiece: the pieces are those of the whole text, as everywhere, and a
word is a group of them. So a sentence of a CoNLL file, its words joined by spaces, and the same
sentence as a user types it have their words at the same places.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from models.normalization import WHITE_SPACE
from models.offsets import TokensWithOffsets

NO_WORD = -1
"""In the place of an offset: the piece is not the first of a word."""

_ALONE = r"[\p{P}\p{S}\p{Han}\p{Hiragana}\p{Katakana}]"
"""Characters that are words of their own: punctuation, symbols, and scripts without spaces."""


class Words(NamedTuple):
    """Where the words of texts stand.

    Attributes:
      starts: First code point of each, int32 `(batch, None)`.
      ends: The code point after its last one, int32, same shape.
    """

    starts: tf.RaggedTensor
    ends: tf.RaggedTensor


def valid_text(text: tf.Tensor) -> tf.Tensor:
    """Returns text whose code points are those that offsets count: U+FFFD for what is no UTF-8."""
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")


def find_words(text: tf.Tensor, *, split_punctuation: bool) -> Words:
    """Returns the words of raw texts, with no regard to pieces.

    Args:
      text: string `(batch,)`.
      split_punctuation: Whether a punctuation mark is a word of its own.
    """
    numbers, is_space = _number(text, split_punctuation=split_punctuation)
    positions = tf.ragged.range(numbers.row_lengths())
    is_visible = tf.logical_not(is_space)
    inside = tf.ragged.boolean_mask(positions, numbers.with_flat_values(is_visible))
    number = tf.boolean_mask(numbers.flat_values, is_visible)
    is_first = _is_change(number, inside.value_rowids())
    return _group(inside, inside.flat_values + 1, is_first)


def first_pieces(
    text: tf.Tensor, tokens: TokensWithOffsets, *, split_punctuation: bool
) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Finds the pieces that are the first of a word.

    A piece that holds the end of one word and the beginning of the next counts for the first of
    them only; the next is then part of it.

    Args:
      text: string `(batch,)`.
      tokens: The pieces of `text`.
      split_punctuation: Whether a punctuation mark is a word of its own.

    Returns:
      Start and end of the word in code points at its first piece, `NO_WORD` at every other, both
      int32 `(batch, None)`.
    """
    numbers, _ = _number(text, split_punctuation=split_punctuation)
    row = tokens.starts.value_rowids()
    # A piece without characters at the end of a text stands after the last one.
    last = tf.gather(numbers.row_lengths(), row) - 1
    character = tf.minimum(tf.cast(tokens.starts.flat_values, tf.int64), last)
    number = tf.gather(numbers.flat_values, tf.gather(numbers.row_starts(), row) + character)
    is_first = _is_change(number, row)
    words = _group(tokens.starts, tokens.ends.flat_values, is_first)
    index = tf.boolean_mask(tf.range(tf.size(number)), is_first)
    found = words.starts.flat_values < words.ends.flat_values
    return tuple(
        tokens.starts.with_flat_values(
            tf.tensor_scatter_nd_update(
                tf.fill(tf.shape(number), NO_WORD),
                index[:, tf.newaxis],
                tf.where(found, offsets.flat_values, NO_WORD),
            )
        )
        for offsets in words
    )


def _number(text: tf.Tensor, *, split_punctuation: bool) -> tuple[tf.RaggedTensor, tf.Tensor]:
    """Returns a number for each character, the same for those of one word, and which are spaces.

    Returns:
      Numbers, int64 `(batch, None)`: equal ones of neighbours, and nothing else, have a meaning.
      White space, bool, flat.
    """
    codes = tf.strings.unicode_decode(valid_text(text), "UTF-8")
    distinct, index = tf.unique(codes.flat_values)
    characters = tf.strings.unicode_encode(distinct[:, tf.newaxis], "UTF-8")
    is_space = tf.gather(tf.strings.regex_full_match(characters, WHITE_SPACE), index)
    alone = tf.gather(tf.strings.regex_full_match(characters, _ALONE), index)
    if not split_punctuation:
        alone = tf.zeros_like(alone)
    is_start = tf.logical_not(is_space) & (
        _is_change(tf.cast(is_space, tf.int64), codes.value_rowids()) | alone | _before(alone)
    )
    return codes.with_flat_values(tf.cumsum(tf.cast(is_start, tf.int64))), is_space


def _before(values: tf.Tensor) -> tf.Tensor:
    return tf.concat([values[:1], values[:-1]], axis=0)


def _is_change(values: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
    """Returns which values differ from the one before, or are the first of their row."""
    is_same = (values[1:] == values[:-1]) & (row[1:] == row[:-1])
    return tf.concat([tf.ones_like(values[:1], tf.bool), tf.logical_not(is_same)], axis=0)


def _group(starts: tf.RaggedTensor, ends: tf.Tensor, is_first: tf.Tensor) -> Words:
    """Joins runs of parts to words, each from the start of its first part to its farthest end."""
    number = tf.cumsum(tf.cast(is_first, tf.int64)) - 1
    firsts = tf.ragged.boolean_mask(starts, starts.with_flat_values(is_first))
    last = tf.math.segment_max(ends, number)
    return Words(tf.cast(firsts, tf.int32), tf.cast(firsts.with_flat_values(last), tf.int32))
