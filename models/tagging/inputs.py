"""Inputs and targets of the model that tags: pieces, and where the words of their text stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from models.packing import pack, pad
from models.tagging.alignment import Entities, tag_words
from models.tagging.training import NO_TAG
from models.tagging.words import NO_WORD, first_pieces
from schemas import features as keys

if TYPE_CHECKING:
    from models.tasks.base import Features
    from models.tokenizer import AlbertTokenizer


def preprocess(
    text: tf.Tensor, tokenizer: AlbertTokenizer, max_length: int, *, split_punctuation: bool
) -> dict[str, tf.RaggedTensor]:
    """Turns raw text into the inputs of the model, not padded.

    Args:
      text: string `(batch,)`.
      tokenizer: Splits it into pieces.
      max_length: Longest row in tokens; what is longer is cut at its end.
      split_punctuation: Whether a punctuation mark is a word of its own.

    Returns:
      `token_ids`, `segment_ids`, `word_starts` and `word_ends`, int32 `(batch, None)`. A word that
      the cut divides keeps its end.
    """
    tokens = tokenizer.with_offsets(text)
    packed = pack(
        tokens.ids, cls_id=tokenizer.cls_id, sep_id=tokenizer.sep_id, max_length=max_length
    )
    starts, ends = first_pieces(text, tokens, split_punctuation=split_punctuation)
    special = tf.fill((tokens.ids.nrows(), 1), NO_WORD)
    words: dict[str, Any] = {
        name: tf.concat([special, offsets[:, : max_length - 2], special], axis=1)
        for name, offsets in ((keys.WORD_STARTS, starts), (keys.WORD_ENDS, ends))
    }
    return packed | words


def pad_rows(rows: Features, *, pad_id: int = 0) -> dict[str, tf.Tensor]:
    """Pads what `preprocess` returned to the longest row of the batch.

    Returns:
      The inputs of the model by name, int32 `(batch, length)`.
    """
    inputs = pad(rows, pad_id=pad_id)
    shape = tf.shape(inputs[keys.TOKEN_IDS])
    words = {
        name: tf.cast(rows[name], tf.int32).to_tensor(NO_WORD, shape=shape)
        for name in (keys.WORD_STARTS, keys.WORD_ENDS)
    }
    return inputs | words


def tag_targets(inputs: Features, rows: Features) -> tf.Tensor:
    """Returns the tag of each word at its first piece, and `NO_TAG` at every other.

    Args:
      inputs: `word_starts` and `word_ends`, int32 `(batch, length)`.
      rows: The entities of the rows, ragged `(batch, None)`.

    Returns:
      Tag ids, int32 `(batch, length)`.
    """
    place = tf.where(inputs[keys.WORD_STARTS] != NO_WORD)
    starts, ends = (
        tf.gather_nd(inputs[name], place) for name in (keys.WORD_STARTS, keys.WORD_ENDS)
    )
    entities = Entities(
        rows[keys.ENTITY_STARTS], rows[keys.ENTITY_ENDS], rows[keys.ENTITY_TYPE_IDS]
    )
    tags = tag_words(place[:, 0], starts, ends, entities)
    empty = tf.fill(tf.shape(inputs[keys.WORD_STARTS]), NO_TAG)
    return tf.tensor_scatter_nd_update(empty, place, tf.cast(tags, tf.int32))
