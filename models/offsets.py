"""Where the pieces of a text stand in the text as it was given, before normalisation changed it.

`models.normalization` treats each character on its own, but for white space and the quotes `` and
'': what follows from one character depends on that character alone. (Canonical ordering moves only
marks, which are dropped, and the final sigma of Greek is one character as any other.) So the number
of characters that each one becomes is enough to find the way back, and the ids are not touched.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from models.normalization import WHITE_SPACE, normalize

_WORD_START = 0x2581
"""SentencePiece's own sign for a space; a text that spells it is no different from one."""


class TokensWithOffsets(NamedTuple):
    """Pieces, and what each of them covers in the original text.

    Attributes:
      ids: Piece ids, int32 `(batch, None)`.
      starts: First code point of the original text that a piece covers, int32, same shape.
      ends: The code point after the last one, int32, same shape.
    """

    ids: tf.RaggedTensor
    starts: tf.RaggedTensor
    ends: tf.RaggedTensor


class SourceMap:
    """The way back from the visible characters of normalised texts to the original ones.

    Visible is every character that reaches a piece as something other than a space. Counting only
    those leaves out the spaces that pieces start with, and whatever else SentencePiece takes for a
    space or removes.
    """

    def __init__(
        self, text: tf.Tensor, normalized: tf.Tensor, is_blank: Callable[[tf.Tensor], tf.Tensor]
    ) -> None:
        """Makes the map of a batch.

        Args:
          text: Raw text, string `(batch,)`.
          normalized: `normalize(text)`.
          is_blank: Says of characters, string `(n,)`, which ones SentencePiece makes nothing of,
            bool `(n,)`.
        """
        codes, byte_starts = tf.strings.unicode_decode_with_offsets(normalized, "UTF-8")
        is_visible = _is_visible(codes.flat_values, is_blank)
        self._row_starts = codes.row_starts()
        self._text_bytes = _cumulative(tf.strings.length(normalized))
        self._byte_starts = byte_starts.flat_values + tf.gather(
            self._text_bytes, codes.value_rowids()
        )
        self._visible_before = _cumulative(is_visible)
        visible = tf.ragged.boolean_mask(
            tf.ragged.range(codes.row_lengths()), codes.with_flat_values(is_visible)
        )
        starts, ends, length = _sources(text)
        lengths = tf.RaggedTensor.from_tensor(length)  # pyright: ignore[reportAttributeAccessIssue]
        self._starts = tf.concat([_take(starts, visible), lengths], axis=1)
        self._ends = tf.concat([tf.zeros_like(lengths), _take(ends, visible)], axis=1)

    def visible_before(self, byte_offsets: tf.RaggedTensor) -> tf.RaggedTensor:
        """Counts the visible characters of a normalised text before offsets in it.

        Args:
          byte_offsets: Offsets in bytes of UTF-8, int64 `(batch, None)`.

        Returns:
          Counts, int64, same shape.
        """
        row = byte_offsets.value_rowids()
        # Not tf.searchsorted, which cannot reshape a batch without any character.
        character = tf.raw_ops.LowerBound(
            sorted_inputs=self._byte_starts[tf.newaxis],
            values=(byte_offsets.flat_values + tf.gather(self._text_bytes, row))[tf.newaxis],
            out_type=tf.int64,
        )[0]
        before_row = tf.gather(self._visible_before, tf.gather(self._row_starts, row))
        return byte_offsets.with_flat_values(
            tf.gather(self._visible_before, character) - before_row
        )

    def offsets(
        self, first: tf.RaggedTensor, last: tf.RaggedTensor
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Returns what runs of visible characters cover in the original text.

        A run without characters, of a piece that is only a word start, is empty and stands where
        the next visible character starts; inside a character that was expanded to several words it
        covers that character, as every other part of it does.

        Args:
          first: Number of visible characters before each run, int64 `(batch, None)`.
          last: Number of visible characters up to its end, int64, same shape.

        Returns:
          Starts and ends in code points, int32, same shape.
        """
        starts = _take(self._starts, first)
        ends = tf.maximum(starts.flat_values, _take(self._ends, last).flat_values)
        return tf.cast(starts, tf.int32), starts.with_flat_values(tf.cast(ends, tf.int32))


def _sources(text: tf.Tensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.Tensor]:
    """Finds what each character of the normalised text covers in `text`, `(batch,)`.

    A character covers the marks after it that were dropped, and a quote both signs of it.

    Returns:
      Starts and ends in code points, int64 `(batch, None)`, each with the length of the text as a
      last element, and these lengths, int64 `(batch, 1)`.
    """
    valid = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    codes = tf.strings.unicode_decode(valid, "UTF-8")
    position = tf.ragged.range(codes.row_lengths())
    is_first = position.flat_values == 0
    counts, is_space = _count_normalized(codes.flat_values)
    counts = tf.where(_closes_quote(codes.flat_values, is_first), tf.zeros_like(counts), counts)
    _, covered = _runs(is_first | is_space | (counts > 0))
    is_kept = _is_kept(position, is_space)
    counts = tf.where(is_space, tf.cast(is_kept, tf.int64), counts)

    row_lengths = tf.reduce_sum(codes.with_flat_values(counts), axis=1)
    lengths = codes.row_lengths()[:, tf.newaxis]
    starts, ends = (
        tf.concat([_ragged(tf.repeat(offsets, counts), row_lengths), lengths], axis=1)
        for offsets in (position.flat_values, position.flat_values + covered)
    )
    return starts, ends, lengths


def _count_normalized(codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns how many characters each one alone becomes, int64, and which are white space."""
    distinct, index = tf.unique(codes)
    characters = tf.strings.unicode_encode(distinct[:, tf.newaxis], "UTF-8")
    counts = tf.strings.length(normalize(characters), unit="UTF8_CHAR")
    is_space = tf.strings.regex_full_match(characters, WHITE_SPACE)
    return tf.gather(tf.cast(counts, tf.int64), index), tf.gather(is_space, index)


def _is_kept(position: tf.RaggedTensor, is_space: tf.Tensor) -> tf.Tensor:
    """Returns which white space the one of its run remains: not at the start, nor at the end."""
    flat = position.flat_values
    last = tf.reduce_max(
        position.with_flat_values(tf.where(is_space, tf.constant(-1, tf.int64), flat)), axis=1
    )
    is_inside = (flat > 0) & (flat < tf.gather(last, position.value_rowids()))
    return is_space & tf.logical_not(_shifted(is_space)) & is_inside


def _closes_quote(codes: tf.Tensor, is_first: tf.Tensor) -> tf.Tensor:
    """Returns which characters are the second one of a quote `` or ''."""
    is_quote = (codes == ord("'")) | (codes == ord("`"))
    index, _ = _runs(is_first | (codes != _shifted(codes)))
    return is_quote & (tf.math.floormod(index, 2) == 1)


def _is_visible(codes: tf.Tensor, is_blank: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    distinct, index = tf.unique(codes)
    characters = tf.strings.unicode_encode(distinct[:, tf.newaxis], "UTF-8")
    blank = is_blank(characters) | (distinct == ord(" ")) | (distinct == _WORD_START)
    return tf.gather(tf.logical_not(blank), index)


def _runs(is_start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns each element's index in its run, and the length of that run, int64.

    Args:
      is_start: Which elements start a run, the first of all among them, bool `(n,)`.
    """
    index = tf.range(tf.size(is_start, out_type=tf.int64))
    run = tf.cumsum(tf.cast(is_start, tf.int64)) - 1
    first = tf.boolean_mask(index, is_start)
    lengths = tf.math.segment_sum(tf.ones_like(index), run)
    return index - tf.gather(first, run), tf.gather(lengths, run)


def _shifted(values: tf.Tensor) -> tf.Tensor:
    """Returns the element before each one, and for the first one itself."""
    return tf.concat([values[:1], values[:-1]], axis=0)


def _cumulative(values: tf.Tensor) -> tf.Tensor:
    """Returns the sums of the values before each one and of all of them, int64 `(n + 1,)`."""
    return tf.pad(tf.cumsum(tf.cast(values, tf.int64)), [[1, 0]])


def _ragged(values: tf.Tensor, row_lengths: tf.Tensor) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_row_lengths(  # pyright: ignore[reportAttributeAccessIssue]
        values, row_lengths, validate=False
    )


def _take(values: tf.RaggedTensor, index: tf.RaggedTensor) -> tf.RaggedTensor:
    """Takes elements of each row by their index in it; the last one for what lies beyond."""
    row = index.value_rowids()
    within = tf.minimum(index.flat_values, tf.gather(values.row_lengths(), row) - 1)
    return index.with_flat_values(
        tf.gather(values.flat_values, tf.gather(values.row_starts(), row) + within)
    )
