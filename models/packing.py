"""Packs token sequences into the inputs of the backbone, with plain TensorFlow ops."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from schemas import features as keys


def pack(
    first: tf.RaggedTensor,
    second: tf.RaggedTensor | None = None,
    *,
    cls_id: int,
    sep_id: int,
    max_length: int,
) -> dict[str, tf.RaggedTensor]:
    """Joins one or two sequences a row as `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]`.

    What is longer than `max_length` loses tokens from the end of the longer sequence, one by one,
    and from the second where both are equally long, as in the original.

    Args:
      first: Piece ids, int32 `(batch, None)`.
      second: Piece ids, int32 `(batch, None)`.
      cls_id: Id of `[CLS]`.
      sep_id: Id of `[SEP]`.
      max_length: Longest row, special pieces included.

    Returns:
      `token_ids` and `segment_ids` (0 up to the first `[SEP]`, then 1), int32 `(batch, None)`.
    """
    if second is None:
        parts = [truncate(first, tf.minimum(_lengths(first), max_length - 2))]
    else:
        parts = _truncate_pair(first, second, max_length - 3)
    separator = tf.fill((first.nrows(), 1), sep_id)
    rows = [tf.fill((first.nrows(), 1), cls_id)]
    for part in parts:
        rows += [part, separator]
    segments = [tf.zeros_like(row) for row in rows[:3]] + [tf.ones_like(row) for row in rows[3:]]
    token_ids: Any = tf.concat(rows, axis=1)
    segment_ids: Any = tf.concat(segments, axis=1)
    return {keys.TOKEN_IDS: token_ids, keys.SEGMENT_IDS: segment_ids}


def pad(inputs: Mapping[str, tf.RaggedTensor], *, pad_id: int = 0) -> dict[str, tf.Tensor]:
    """Pads packed rows to the longest of the batch, and to one token at least.

    Args:
      inputs: `token_ids` and `segment_ids`, integer `(batch, None)`.
      pad_id: Id of `<pad>`.

    Returns:
      The inputs of the backbone, int32 `(batch, length)`: `token_ids`, `segment_ids`, and
      `padding_mask`, 1 where there is a token.
    """
    token_ids = tf.cast(inputs[keys.TOKEN_IDS], tf.int32)
    segment_ids = tf.cast(inputs[keys.SEGMENT_IDS], tf.int32)
    length = tf.maximum(tf.cast(token_ids.bounding_shape(axis=1), tf.int32), 1)
    shape = tf.stack([-1, length])
    return {
        keys.TOKEN_IDS: token_ids.to_tensor(pad_id, shape=shape),
        keys.SEGMENT_IDS: segment_ids.to_tensor(0, shape=shape),
        keys.PADDING_MASK: tf.ones_like(token_ids).to_tensor(0, shape=shape),
    }


def _lengths(tokens: tf.RaggedTensor) -> tf.Tensor:
    return tf.cast(tokens.row_lengths(), tf.int32)


def _truncate_pair(
    first: tf.RaggedTensor, second: tf.RaggedTensor, budget: int
) -> list[tf.RaggedTensor]:
    """Cuts two sequences to `budget` tokens together, as cutting the longer one by one would."""
    first_kept = tf.minimum(
        _lengths(first), tf.maximum(budget - _lengths(second), (budget + 1) // 2)
    )
    second_kept = tf.minimum(_lengths(second), budget - first_kept)
    return [truncate(first, first_kept), truncate(second, second_kept)]


def truncate(tokens: tf.RaggedTensor, lengths: tf.Tensor) -> tf.RaggedTensor:
    """Keeps the first `lengths[i]` tokens of row `i`, which has as many at least."""
    starts = tf.cast(tokens.row_starts(), tf.int32)
    kept = tf.ragged.range(starts, starts + tf.cast(lengths, tf.int32))
    return (
        tf.cast(kept, tf.int32)
        .with_values(tf.gather(tokens.values, kept.values))
        .with_row_splits_dtype(tf.int64)
    )
