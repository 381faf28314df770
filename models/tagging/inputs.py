"""Inputs and targets of the model that tags: windows of pieces, and where their words stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from models.packing import pack, pad
from models.tagging.alignment import Entities, tag_words
from models.tagging.training import NO_TAG
from models.tagging.words import NO_WORD, first_pieces
from models.windows import Windows, slide_windows
from schemas import features as keys

if TYPE_CHECKING:
    from models.tasks.base import Features
    from models.tokenizer import AlbertTokenizer

_SPECIAL_PIECES = 2


class CutTexts(NamedTuple):
    """A batch of texts as windows.

    Attributes:
      inputs: `token_ids`, `segment_ids`, `word_starts` and `word_ends`, int32 `(windows, None)`. A
        word stands in one window, that in which its first piece has the most context.
      windows: Where the windows lie.
    """

    inputs: dict[str, tf.RaggedTensor]
    windows: Windows


def cut_texts(
    text: tf.Tensor,
    tokenizer: AlbertTokenizer,
    max_length: int,
    *,
    stride: int,
    split_punctuation: bool,
) -> CutTexts:
    """Turns raw text into the inputs of the model, not padded.

    Args:
      text: string `(batch,)`.
      tokenizer: Splits it into pieces.
      max_length: Longest window in tokens.
      stride: Pieces between the starts of two windows.
      split_punctuation: Whether a punctuation mark is a word of its own.
    """
    tokens = tokenizer.with_offsets(text)
    lengths = tokens.ids.row_lengths()
    windows = slide_windows(
        lengths,
        room=tf.fill(tf.shape(lengths), tf.constant(max_length - _SPECIAL_PIECES, tf.int64)),
        prefixes=tf.ones_like(lengths),
        stride=stride,
    )
    packed = pack(
        windows.slices(tokens.ids),
        cls_id=tokenizer.cls_id,
        sep_id=tokenizer.sep_id,
        max_length=max_length,
    )
    words = first_pieces(text, tokens, split_punctuation=split_punctuation)
    special = tf.fill((tf.size(windows.rows), 1), NO_WORD)
    is_core = windows.is_core().values
    placed: dict[str, Any] = {}
    for name, offsets in zip((keys.WORD_STARTS, keys.WORD_ENDS), words, strict=True):
        held = windows.slices(offsets)
        core = held.with_values(tf.where(is_core, held.values, NO_WORD))
        placed[name] = tf.concat([special, core, special], axis=1)
    return CutTexts(packed | placed, windows)


def tag_targets(texts: CutTexts, entities: Entities) -> tf.RaggedTensor:
    """Returns the tag of each word at its first piece, and `NO_TAG` at every other.

    Args:
      texts: The windows.
      entities: Those of the texts.

    Returns:
      Tag ids, int64 `(windows, None)`.
    """
    starts, ends = (texts.inputs[name] for name in (keys.WORD_STARTS, keys.WORD_ENDS))
    place = tf.where(starts.values != NO_WORD)
    tags = tag_words(
        tf.gather(tf.gather(texts.windows.rows, starts.value_rowids()), place[:, 0]),
        tf.gather_nd(starts.values, place),
        tf.gather_nd(ends.values, place),
        entities,
    )
    empty = tf.fill(tf.shape(starts.values), tf.constant(NO_TAG, tf.int64))
    return starts.with_values(tf.tensor_scatter_nd_update(empty, place, tags))


def pad_rows(rows: Features, *, pad_id: int = 0) -> dict[str, tf.Tensor]:
    """Pads windows to the longest of the batch.

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
