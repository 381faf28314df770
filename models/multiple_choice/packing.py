"""The options of a question as rows of tokens, with plain TensorFlow ops.

An option's row is `[CLS] passage [SEP] question and option [SEP]`. Where the question has a blank,
the option fills it; else it follows (`race_utils.py` of google-research/albert does so).
tf.Transform writes no lists of lists, so a transformed row holds the tokens of its options one
after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from models.packing import pack, truncate
from models.tokenizer import AlbertTokenizer
from schemas import features as keys

_BLANK = "_"
_SPECIAL_PIECES = 3


def pack_options(
    features: Mapping[str, Any], tokenizer: AlbertTokenizer, *, max_length: int, max_qa_length: int
) -> dict[str, tf.RaggedTensor]:
    """Turns passages, questions and options into tokens.

    Question and option are cut to `max_qa_length` tokens from the start, which keeps an option that
    follows its question; the passage is cut at its end to what is left.

    Args:
      features: `passage` and `question`, string `(batch,)`; `options`, ragged `(batch, None)`.
      tokenizer: Splits text into piece ids.
      max_length: Longest row of an option in tokens, special ones included.
      max_qa_length: Longest question with an option, in tokens.

    Returns:
      `token_ids` and `segment_ids` of all options of a row, and the `option_lengths` by which they
      fall apart, ragged int32 `(batch, None)`. An empty option has no token.
    """
    options: tf.RaggedTensor = features[keys.OPTIONS]
    row = options.value_rowids()
    question = tf.gather(features[keys.QUESTION], row)
    answered = _last(
        tokenizer(_fill_in(question, options.values)), _most(max_qa_length, max_length)
    )
    passage = tf.gather(tokenizer(features[keys.PASSAGE]), row)
    room = max_length - _SPECIAL_PIECES - answered.row_lengths()
    packed = pack(
        truncate(passage, tf.minimum(passage.row_lengths(), room)),
        answered,
        cls_id=tokenizer.cls_id,
        sep_id=tokenizer.sep_id,
        max_length=max_length,
    )
    lengths = packed[keys.TOKEN_IDS].row_lengths()
    lengths = tf.where(tf.equal(options.values, ""), tf.zeros_like(lengths), lengths)
    flat = {
        name: options.with_values(truncate(value, lengths)).merge_dims(1, 2)
        for name, value in packed.items()
    }
    return flat | {keys.OPTION_LENGTHS: options.with_values(tf.cast(lengths, tf.int32))}


def pad_options(rows: Mapping[str, Any], *, pad_id: int = 0) -> dict[str, tf.Tensor]:
    """Pads to the longest option and the most options of the batch, and to one of each at least.

    Args:
      rows: What `pack_options` returned, integer, ragged `(batch, None)`.
      pad_id: Id of `<pad>`.

    Returns:
      The model's inputs, int32 `(batch, options, length)`: `token_ids`, `segment_ids`, and
      `padding_mask`, 1 where there is a token.
    """
    lengths = rows[keys.OPTION_LENGTHS]
    token_ids, segment_ids = (
        lengths.with_values(
            tf.RaggedTensor.from_row_lengths(  # pyright: ignore[reportAttributeAccessIssue]
                tf.cast(rows[name].values, tf.int32), tf.cast(lengths.values, tf.int64)
            )
        )
        for name in (keys.TOKEN_IDS, keys.SEGMENT_IDS)
    )
    longest = tf.maximum(token_ids.bounding_shape()[1:], 1)
    shape = tf.concat([[-1], tf.cast(longest, tf.int32)], axis=0)
    return {
        keys.TOKEN_IDS: token_ids.to_tensor(pad_id, shape=shape),
        keys.SEGMENT_IDS: segment_ids.to_tensor(0, shape=shape),
        keys.PADDING_MASK: tf.ones_like(token_ids).to_tensor(0, shape=shape),
    }


def _fill_in(question: tf.Tensor, option: tf.Tensor) -> tf.Tensor:
    """Puts each option into the first blank of its question, or after it; string `(options,)`."""
    question = tf.strings.regex_replace(question, f"{_BLANK}+", _BLANK)
    parts = tf.strings.split(question, _BLANK, maxsplit=1)
    before, after = tf.unstack(parts.to_tensor("", shape=(None, 2)), num=2, axis=1)
    has_blank = tf.strings.regex_full_match(question, f"(?s).*{_BLANK}.*")
    return tf.where(
        has_blank,
        tf.strings.join([before, option, after]),
        tf.strings.join([question, option], separator=" "),
    )


def _most(max_qa_length: int, max_length: int) -> int:
    """Returns the longest question and option that leave a passage a token, if it has one."""
    return min(max_qa_length, max_length - _SPECIAL_PIECES - 1)


def _last(tokens: tf.RaggedTensor, count: int) -> tf.RaggedTensor:
    """Keeps the last `count` tokens of each row."""
    return tf.reverse(
        truncate(tf.reverse(tokens, [1]), tf.minimum(tokens.row_lengths(), count)), [1]
    )
