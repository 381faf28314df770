"""The words of texts, and where they stand, with plain TensorFlow ops."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from models.normalization import normalize

WORD_CHARACTER = r"[\p{L}\p{M}\p{N}_]"


class Words(NamedTuple):
    """Words of a batch of texts, one after the other.

    Attributes:
      rows: Text of each word, int64 `(words,)`, ascending.
      texts: The words, in lower case and without accents, string `(words,)`.
      starts: First code point of each word in its text, int64 `(words,)`.
      ends: The code point after the last, same shape.
    """

    rows: tf.Tensor
    texts: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor


def split_words(texts: tf.Tensor) -> Words:
    """Finds the words of texts: runs of letters, marks, digits and underscores of any script.

    Args:
      texts: Raw text, string `(batch,)`; bytes that are no UTF-8 count as U+FFFD.
    """
    valid = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    characters = tf.strings.unicode_split(valid, "UTF-8")
    position = tf.ragged.range(characters.row_lengths()).flat_values
    rows = characters.value_rowids()
    distinct, index = tf.unique(characters.flat_values)
    is_word = tf.gather(tf.strings.regex_full_match(distinct, WORD_CHARACTER), index)
    # A word starts where the character before is of no word, or of another text.
    before = tf.concat([[False], is_word[:-1]], axis=0) & (position > 0)
    number = tf.cumsum(tf.cast(is_word & tf.logical_not(before), tf.int64)) - 1
    kept = tf.boolean_mask(tf.range(tf.size(number)), is_word)
    number, position, rows = (tf.gather(values, kept) for values in (number, position, rows))
    joined = tf.strings.reduce_join(
        tf.RaggedTensor.from_value_rowids(  # pyright: ignore[reportAttributeAccessIssue]
            tf.gather(characters.flat_values, kept), number
        ),
        axis=1,
    )
    return Words(
        rows=tf.math.segment_min(rows, number),
        texts=normalize(joined),
        starts=tf.math.segment_min(position, number),
        ends=tf.math.segment_max(position, number) + 1,
    )
