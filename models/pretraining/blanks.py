"""Texts with `[MASK]` in them as inputs of the model, in the graph that is served."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from models.normalization import WHITE_SPACE
from models.pretraining.cloze import MASK
from models.pretraining.segments import pack_segments
from models.tokenizer import WORD_START, AlbertTokenizer
from schemas import features as keys

_STARTS_WITH_SPACE = f"(?s){WHITE_SPACE}.*"


class Blanks(NamedTuple):
    """Rows with pieces to fill in.

    Attributes:
      token_ids: int32 `(batch, None)`.
      segment_ids: int32 `(batch, None)`.
      positions: Where the model looks for each `[MASK]` of the text, in its order, int32
        `(batch, None)`; 0 for those that were cut off with the end of a text.
    """

    token_ids: tf.RaggedTensor
    segment_ids: tf.RaggedTensor
    positions: tf.RaggedTensor


def read_blanks(text: tf.Tensor, tokenizer: AlbertTokenizer, max_length: int) -> Blanks:
    """Turns texts into rows: one segment, or two where there is a line break.

    Args:
      text: Raw text, string `(batch,)`.
      tokenizer: Splits what stands between the masks.
      max_length: Longest row in tokens, special ones included.
    """
    lines = tf.strings.split(tf.strings.strip(text), "\n", maxsplit=1)
    first, second = (
        _tokenize(tf.strings.reduce_join(part, axis=1), tokenizer)
        for part in (lines[:, :1], lines[:, 1:])
    )
    packed = pack_segments(
        first, second, cls_id=tokenizer.cls_id, sep_id=tokenizer.sep_id, max_length=max_length
    )
    token_ids, segment_ids = packed[keys.TOKEN_IDS], packed[keys.SEGMENT_IDS]
    has_second = tf.cast(second.row_lengths() > 0, tf.int64)
    second_kept = tf.reduce_sum(tf.cast(segment_ids, tf.int64), axis=1) - has_second
    first_kept = token_ids.row_lengths() - second_kept - has_second - 2
    is_mask = [part == tokenizer.mask_id for part in (first, second)]
    positions: Any = tf.concat(
        [
            _positions(is_mask[0], tf.ones_like(first_kept), first_kept),
            _positions(is_mask[1], first_kept + 2, second_kept),
        ],
        axis=1,
    )
    return Blanks(token_ids, segment_ids, positions)


def _positions(is_mask: Any, start: tf.Tensor, kept: tf.Tensor) -> tf.RaggedTensor:
    """Returns where the masks of a segment stand in the row; 0 for those beyond `kept` pieces."""
    columns = tf.ragged.range(is_mask.row_lengths()).flat_values
    rows = is_mask.value_rowids()
    inside = columns < tf.gather(kept, rows)
    placed = tf.where(inside, columns + tf.gather(start, rows), 0)
    return tf.ragged.boolean_mask(is_mask.with_values(tf.cast(placed, tf.int32)), is_mask)


def _tokenize(text: tf.Tensor, tokenizer: AlbertTokenizer) -> Any:
    """Splits text into pieces, with `[MASK]` as one: int32 `(batch, None)`.

    What follows a mask without a space goes on with the word, as after the word that is hidden.
    """
    parts = tf.strings.split(text, MASK)
    ids = tokenizer(parts.flat_values)
    is_first = _marks(parts, parts.row_starts())
    is_before_mask = tf.logical_not(_marks(parts, parts.row_limits() - 1))
    spaced = tf.strings.regex_full_match(parts.flat_values, _STARTS_WITH_SPACE)
    ids = _continued(ids, tf.logical_not(tf.logical_or(is_first, spaced)), tokenizer)
    masks = tf.RaggedTensor.from_row_lengths(  # pyright: ignore[reportAttributeAccessIssue]
        tf.fill([tf.reduce_sum(tf.cast(is_before_mask, tf.int32))], tokenizer.mask_id),
        tf.cast(is_before_mask, tf.int64),
    )
    joined: Any = tf.concat([ids, masks], axis=1)
    return parts.with_values(joined).merge_dims(1, 2)


def _marks(parts: tf.RaggedTensor, positions: tf.Tensor) -> tf.Tensor:
    """Returns which of the flat parts stand at `positions`, bool `(parts,)`."""
    count = tf.shape(parts.flat_values, tf.int64)[0]
    places = tf.expand_dims(positions, 1)
    return tf.scatter_nd(places, tf.ones_like(positions), [count]) > 0


def _continued(ids: Any, chosen: tf.Tensor, tokenizer: AlbertTokenizer) -> Any:
    """Takes the word start from the first piece of the `chosen` rows, bool `(rows,)`."""
    ordinal = tf.ragged.range(ids.row_lengths())
    at_start = tf.equal(ordinal.flat_values, 0) & tf.gather(chosen, ids.value_rowids())
    without = tf.gather(_without_word_start(tokenizer), ids.flat_values)
    replaced = ids.with_flat_values(tf.where(at_start, without, ids.flat_values))
    return tf.ragged.boolean_mask(replaced, replaced >= 0)


def _without_word_start(tokenizer: AlbertTokenizer) -> np.ndarray:
    """Returns each piece's id without its word start; the same where there is no such piece.

    -1 stands for the piece that is a word start alone.
    """
    pieces = tokenizer.pieces.tolist()
    by_piece = {piece: piece_id for piece_id, piece in enumerate(pieces)}
    by_piece[""] = -1
    return np.array(
        [
            by_piece.get(piece.removeprefix(WORD_START), piece_id)
            for piece_id, piece in enumerate(pieces)
        ],
        np.int32,
    )
