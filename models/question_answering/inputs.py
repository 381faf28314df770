"""Questions and their contexts as windows of pieces, and back to parts of the texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from models.offsets import TokensWithOffsets
from models.question_answering.spans import Spans
from models.tokenizer import AlbertTokenizer
from models.windows import Windows, cut_windows, pack_windows
from schemas import features as keys


class Questions(NamedTuple):
    """A batch of questions, cut.

    Attributes:
      packed: `token_ids` and `segment_ids` of the windows, int32 `(windows, None)`.
      windows: Where the windows lie.
      context: Pieces of each row's context, with what they cover in the text, `(batch, None)`.
    """

    packed: Mapping[str, tf.RaggedTensor]
    windows: Windows
    context: TokensWithOffsets


def cut_questions(
    features: Mapping[str, tf.Tensor],
    tokenizer: AlbertTokenizer,
    *,
    max_length: int,
    max_question_length: int,
    stride: int,
) -> Questions:
    """Splits questions and contexts into pieces, and contexts into windows.

    Args:
      features: `question` and `context`, string `(batch,)`.
      tokenizer: Splits text into pieces.
      max_length: Longest window in tokens.
      max_question_length: Pieces of a question that are kept; half of the window at most.
      stride: Pieces between the starts of two windows.
    """
    # Most contexts are asked about several times; each is read once.
    distinct, index = tf.unique(features[keys.CONTEXT])
    context = TokensWithOffsets(
        *(tf.gather(values, index) for values in tokenizer.with_offsets(distinct))
    )
    kept = min(max_question_length, (max_length - 3) // 2)
    question = tokenizer(features[keys.QUESTION])[:, :kept]
    windows = cut_windows(
        question.row_lengths(), context.ids.row_lengths(), max_length=max_length, stride=stride
    )
    packed = pack_windows(
        question,
        context.ids,
        windows,
        cls_id=tokenizer.cls_id,
        sep_id=tokenizer.sep_id,
        max_length=max_length,
    )
    return Questions(packed, windows, context)


def answer_tokens(
    questions: Questions, starts: tf.Tensor, ends: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the tokens of the windows that an answer starts and ends with.

    Args:
      questions: The windows.
      starts: First code point of each row's answer, int64 `(batch,)`; -1 where there is none.
      ends: The code point after its last one, same shape.

    Returns:
      First and last token, int64 `(windows,)`; 0, which is `[CLS]`, where a window does not hold
      the whole of the answer.
    """
    windows = questions.windows
    first = _count_below(questions.context.ends, starts + 1)
    last = _count_below(questions.context.starts, ends) - 1
    is_found = (starts >= 0) & (first <= last)
    first_tokens = windows.tokens_of(tf.gather(first, windows.rows))
    last_tokens = windows.tokens_of(tf.gather(last, windows.rows))
    holds = tf.gather(is_found, windows.rows) & (first_tokens > 0) & (last_tokens > 0)
    return tf.where(holds, first_tokens, 0), tf.where(holds, last_tokens, 0)


def window_rows(questions: Questions, features: Mapping[str, tf.Tensor]) -> dict[str, Any]:
    """Returns windows as transformed rows, with what tells where they lie.

    Args:
      questions: The windows.
      features: `answer_start`, `answer_end` and `row_id` of the raw rows, `(batch,)`.
    """
    windows = questions.windows
    starts, ends = answer_tokens(questions, features[keys.ANSWER_START], features[keys.ANSWER_END])
    return {
        **questions.packed,
        keys.START_POSITION: starts,
        keys.END_POSITION: ends,
        keys.WINDOW_START: windows.starts,
        keys.CORE_START: windows.core_starts,
        keys.CORE_END: windows.core_ends,
        keys.NUM_WINDOWS: windows.counts(),
        keys.ROW_ID: tf.gather(features[keys.ROW_ID], windows.rows),
    }


def locate(questions: Questions, spans: Spans, count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds where the best spans of each row stand in its context.

    Args:
      questions: The windows.
      spans: The best spans of each row.
      count: How many of them.

    Returns:
      First code point, and the one after the last, int32 `(batch, count)`; 0 and 0 where there is
      no span.
    """
    is_real = spans.is_real[:, :count]
    return (
        _at(questions.context.starts, spans.starts[:, :count], is_real),
        _at(questions.context.ends, spans.ends[:, :count], is_real),
    )


def _count_below(offsets: tf.RaggedTensor, limits: tf.Tensor) -> tf.Tensor:
    """Counts the offsets of each row that are below the row's limit, int64 `(batch,)`."""
    limit = tf.gather(tf.cast(limits, offsets.dtype), offsets.value_rowids())
    is_below = offsets.with_flat_values(tf.cast(offsets.flat_values < limit, tf.int64))
    return tf.reduce_sum(is_below, axis=1)


def _at(offsets: tf.RaggedTensor, pieces: tf.Tensor, is_real: tf.Tensor) -> tf.Tensor:
    """Returns the offsets of some pieces of each row, `(batch, count)`; 0 where not real."""
    # With a last value of its own, so that contexts without any piece have something to point to.
    values = tf.concat([offsets.flat_values, [0]], axis=0)
    in_row = offsets.row_starts()[:, tf.newaxis] + pieces
    places = tf.where(is_real, in_row, tf.size(values, tf.int64) - 1)
    return tf.gather(values, places)
