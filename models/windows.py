"""Long texts in overlapping windows, a context each beside its question, with plain TensorFlow ops.

The windows are those of `run_squad_v2.py` in google-research/albert: each starts `stride` pieces
after the one before it. Of the windows that hold a piece, one has the most context on both sides of
it; only there may an answer start with it, and a word be tagged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from models.packing import pack
from schemas import features as keys


class Windows(NamedTuple):
    """Where each window lies, those of a row one after the other; all int64 `(windows,)`.

    Attributes:
      rows: Row that a window belongs to, ascending.
      prefixes: Tokens before the first piece of context, `[CLS] question [SEP]`, or `[CLS]` alone.
      starts: First piece of the context that a window holds.
      lengths: Pieces of the context that it holds.
      core_starts: First piece that has the most context in this window.
      core_ends: The piece after the last of these; every piece is in one core.
    """

    rows: tf.Tensor
    prefixes: tf.Tensor
    starts: tf.Tensor
    lengths: tf.Tensor
    core_starts: tf.Tensor
    core_ends: tf.Tensor

    def counts(self) -> tf.Tensor:
        """Returns how many windows the row of each has, int64 `(windows,)`."""
        counts = tf.math.bincount(tf.cast(self.rows, tf.int32), dtype=tf.int64)
        return tf.gather(counts, self.rows)

    def slices(self, values: tf.RaggedTensor) -> tf.RaggedTensor:
        """Returns the values of those pieces that each window holds, `(windows, None)`.

        Args:
          values: Of all pieces, `(batch, None)`.
        """
        starts = tf.gather(values.row_starts(), self.rows) + self.starts
        places = tf.ragged.range(starts, starts + self.lengths)
        return places.with_values(tf.gather(values.values, places.values))

    def is_core(self) -> tf.RaggedTensor:
        """Returns which of its pieces have the most context in a window, bool `(windows, None)`."""
        places = tf.ragged.range(self.starts, self.starts + self.lengths)
        window = places.value_rowids()
        after_start = places.values >= tf.gather(self.core_starts, window)
        return places.with_values(after_start & (places.values < tf.gather(self.core_ends, window)))

    def pieces(self, length: tf.Tensor) -> tf.Tensor:
        """Returns the place in its context of each token, int64 `(windows, length)`.

        For tokens that are no context it is less than `starts`, or not less than its end.

        Args:
          length: Tokens of the padded windows.
        """
        offsets = self.starts - self.prefixes
        return tf.range(tf.cast(length, tf.int64))[tf.newaxis] + offsets[:, tf.newaxis]

    def tokens_of(self, pieces: tf.Tensor) -> tf.Tensor:
        """Returns which token of each window a piece is, int64 `(windows,)`; 0 where it is none."""
        inside = pieces - self.starts
        is_inside = (inside >= 0) & (inside < self.lengths)
        return tf.where(is_inside, inside + self.prefixes, 0)


def cut_windows(
    question_lengths: tf.Tensor, context_lengths: tf.Tensor, *, max_length: int, stride: int
) -> Windows:
    """Cuts contexts so that each window fits beside its question and three special pieces.

    Args:
      question_lengths: Pieces of each question, int64 `(batch,)`.
      context_lengths: Pieces of each context, same shape.
      max_length: Longest window in tokens.
      stride: Pieces between the starts of two windows.
    """
    return slide_windows(
        context_lengths,
        room=max_length - 3 - question_lengths,
        prefixes=question_lengths + 2,
        stride=stride,
    )


def slide_windows(
    lengths: tf.Tensor, *, room: tf.Tensor, prefixes: tf.Tensor, stride: int
) -> Windows:
    """Cuts texts into windows.

    Args:
      lengths: Pieces of each, int64 `(batch,)`; one without pieces has an empty window.
      room: Most pieces of a window, same shape.
      prefixes: Tokens before the first of them, same shape.
      stride: Pieces between the starts of two windows; no piece is left out where there is less
        room than that.
    """
    step = tf.minimum(room, stride)
    counts = 1 + (tf.maximum(lengths - room, 0) + step - 1) // step
    rows = tf.repeat(tf.range(tf.size(counts, tf.int64)), counts)
    number = tf.range(tf.size(rows, tf.int64)) - tf.gather(tf.cumsum(counts, exclusive=True), rows)
    row_room, row_step, row_length = (tf.gather(values, rows) for values in (room, step, lengths))
    starts = number * row_step
    # Here the context after a piece in one window is as long as that before it in the next.
    turn = (row_room - 1 + row_step) // 2 + 1
    is_last = number + 1 == tf.gather(counts, rows)
    return Windows(
        rows=rows,
        prefixes=tf.gather(prefixes, rows),
        starts=starts,
        lengths=tf.minimum(row_room, row_length - starts),
        core_starts=tf.where(number > 0, starts - row_step + turn, 0),
        core_ends=tf.where(is_last, row_length, starts + turn),
    )


def pack_windows(
    question: tf.RaggedTensor,
    context: tf.RaggedTensor,
    windows: Windows,
    *,
    cls_id: int,
    sep_id: int,
    max_length: int,
) -> dict[str, tf.RaggedTensor]:
    """Packs each window as `[CLS] question [SEP] context [SEP]`.

    Args:
      question: Piece ids, int32 `(batch, None)`.
      context: Piece ids, int32 `(batch, None)`.
      windows: Made by `cut_windows` for them.
      cls_id: Id of `[CLS]`.
      sep_id: Id of `[SEP]`.
      max_length: Longest window in tokens.

    Returns:
      `token_ids` and `segment_ids`, int32 `(windows, None)`.
    """
    return pack(
        tf.gather(question, windows.rows),
        windows.slices(context),
        cls_id=cls_id,
        sep_id=sep_id,
        max_length=max_length,
    )


def windows_of(rows: Mapping[str, Any]) -> Windows:
    """Finds where windows lie that were written as transformed rows, each a row of its own.

    Args:
      rows: `token_ids` and `segment_ids`, `(windows, None)`; `window_start`, `core_start` and
        `core_end`, `(windows,)`.
    """
    segments = tf.cast(rows[keys.SEGMENT_IDS], tf.int64)
    prefixes = segments.row_lengths() - tf.reduce_sum(segments, axis=1)
    return Windows(
        rows=tf.range(segments.nrows()),
        prefixes=prefixes,
        starts=rows[keys.WINDOW_START],
        lengths=segments.row_lengths() - prefixes - 1,
        core_starts=rows[keys.CORE_START],
        core_ends=rows[keys.CORE_END],
    )


def group_rows(rows: Mapping[str, Any]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Finds which raw row each transformed window belongs to.

    Args:
      rows: `row_id`, string, and `num_windows`, int64, `(windows,)`.

    Returns:
      The ids of the raw rows, string `(batch,)`; which of them each window belongs to, int64
      `(windows,)`; and whether all windows of each are there, bool `(batch,)`.
    """
    ids, index, counts = tf.unique_with_counts(rows[keys.ROW_ID], out_idx=tf.int64)
    expected = tf.math.unsorted_segment_max(rows[keys.NUM_WINDOWS], index, tf.size(ids))
    return ids, index, counts == expected
