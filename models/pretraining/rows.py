"""What tf.Transform keeps of a document, and the masked batches that training makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from models.packing import pad, truncate
from models.pretraining.blanks import Blanks, read_blanks
from models.pretraining.masking import SpecialPieces, mask_words
from models.pretraining.segments import draw_segments, pack_segments
from models.tokenizer import WORD_START, AlbertTokenizer
from schemas import features as keys

SENTENCE_IDS = "sentence_ids"
WORD_STARTS = "word_starts"
SPECIAL_IDS = "special_ids"
_BLANKS = ("cloze_token_ids", "cloze_segment_ids", "cloze_positions")
"""Names of the transformed features beside `token_ids`, which has no special pieces here."""

_SPECIAL_PIECES = 3  # of a row of two segments
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")


def transform_document(
    features: Mapping[str, tf.Tensor], tokenizer: AlbertTokenizer, max_length: int
) -> dict[str, tf.RaggedTensor]:
    """Splits documents into pieces, and texts to fill in as they are served.

    Args:
      features: `document` with a sentence a line, and `text` with masks, string `(batch,)`.
      tokenizer: Splits text into pieces.
      max_length: Longest row in tokens, special ones included; the end of a longer one is cut off.

    Returns:
      By name, integers `(batch, None)`: `token_ids`; of each the number of its sentence and whether
      a word starts there; what masking must know of the vocabulary; and the text to fill in.
    """
    sentences = tf.strings.split(features[keys.DOCUMENT], "\n")
    by_sentence: Any = sentences.with_values(tokenizer(sentences.flat_values))
    numbers = tf.ragged.range(sentences.row_lengths())
    sentence_ids = numbers.with_values(
        by_sentence.values.with_values(
            tf.repeat(numbers.flat_values, by_sentence.values.row_lengths())
        )
    ).merge_dims(1, 2)
    token_ids = by_sentence.merge_dims(1, 2)
    lengths = tf.minimum(token_ids.row_lengths(), max_length - _SPECIAL_PIECES)
    token_ids = truncate(token_ids, lengths)
    starts = tf.gather(_starts_word(tokenizer), token_ids.flat_values)
    blanks = read_blanks(features[keys.TEXT], tokenizer, max_length)
    return {
        keys.TOKEN_IDS: token_ids,
        SENTENCE_IDS: truncate(sentence_ids, lengths),
        WORD_STARTS: token_ids.with_flat_values(starts),
        SPECIAL_IDS: _special_ids(tokenizer, tf.shape(features[keys.DOCUMENT])[0]),
        **dict(zip(_BLANKS, blanks, strict=True)),
    }


def masked_batch(
    rows: Mapping[str, Any], *, seed: tf.Tensor, max_predictions: int | None
) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """Draws segments and masks for a batch, anew for every seed.

    Args:
      rows: What `transform_document` returned.
      seed: Integers `(2,)`.
      max_predictions: Pieces of a row that may be asked for; None: all of its share.

    Returns:
      The model's inputs, int32 `(batch, length)`, and `masked_positions`, `(batch, most)`; the
      targets `mlm`, `(batch, most)`, and `sop`, `(batch,)`, -1 where there is none.
    """
    count = len(SpecialPieces._fields)
    # Every row has the same.
    special_ids = tf.cast(rows[SPECIAL_IDS].flat_values[:count], tf.int32)
    special = SpecialPieces(*tf.unstack(special_ids, count))
    segment_seed, mask_seed = tf.unstack(tf.random.split(seed, 2))
    segments = draw_segments(rows[SENTENCE_IDS], seed=segment_seed)
    # The places of all pieces are packed, those of the special ones behind the others.
    row_starts = rows[SENTENCE_IDS].row_starts()
    first, second = (
        tf.cast(
            columns.with_values(columns.values + tf.gather(row_starts, columns.value_rowids())),
            tf.int32,
        )
        for columns in (segments.first, segments.second)
    )
    end = tf.size(rows[SENTENCE_IDS].values)
    inputs = pad(pack_segments(first, second, cls_id=end, sep_id=end + 1), pad_id=end + 2)
    places = inputs[keys.TOKEN_IDS]

    def packed(name: str, *of_special: Any) -> tf.Tensor:
        return tf.gather(tf.concat([tf.cast(rows[name].values, tf.int32), of_special], 0), places)

    masked = mask_words(
        packed(keys.TOKEN_IDS, special.cls_id, special.sep_id, special.pad_id),
        tf.cast(packed(WORD_STARTS, 0, 0, 0), tf.bool),
        special,
        seed=mask_seed,
        max_predictions=max_predictions,
    )
    inputs |= {keys.TOKEN_IDS: masked.token_ids, keys.MASKED_POSITIONS: masked.positions}
    return inputs, {"mlm": masked.targets, "sop": segments.order}


def cloze_batch(rows: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """Returns the model's inputs for the texts to fill in of a batch of transformed rows."""
    return blank_inputs(Blanks(*(tf.cast(rows[name], tf.int32) for name in _BLANKS)))


def blank_inputs(blanks: Blanks, *, pad_id: int = 0) -> dict[str, tf.Tensor]:
    """Pads rows to fill in as the model takes them; 0 stands for a position that is none."""
    inputs = pad(
        {keys.TOKEN_IDS: blanks.token_ids, keys.SEGMENT_IDS: blanks.segment_ids}, pad_id=pad_id
    )
    return inputs | {keys.MASKED_POSITIONS: blanks.positions.to_tensor(0)}


def _special_ids(tokenizer: AlbertTokenizer, batch: tf.Tensor) -> tf.RaggedTensor:
    special = SpecialPieces(
        tokenizer.cls_id,
        tokenizer.sep_id,
        tokenizer.mask_id,
        tokenizer.pad_id,
        tokenizer.vocabulary_size,
    )
    return tf.RaggedTensor.from_tensor(  # pyright: ignore[reportAttributeAccessIssue]
        tf.tile(tf.constant([special], tf.int32), tf.stack([batch, 1]))
    )


def _starts_word(tokenizer: AlbertTokenizer) -> np.ndarray:
    """Returns for each piece whether a word starts with it, int32 `(vocabulary_size,)`.

    As in the original, what is not of Latin letters alone is a word of its own: the scripts that
    write no spaces would otherwise be one long word (`_is_start_piece_sp` in
    create_pretraining_data.py of google-research/albert).
    """
    return np.array(
        [
            piece.startswith(WORD_START) or not _LATIN.issuperset(piece)
            for piece in tokenizer.pieces.tolist()
        ],
        np.int32,
    )
