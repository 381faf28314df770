"""From the logits of windows to the answers that are served."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from models.question_answering.inputs import Questions, locate
from models.question_answering.spans import Spans, find_spans
from models.windows import Windows
from schemas import features as keys

_IMPOSSIBLE = -1e9


class Decoding(NamedTuple):
    """How spans become an answer.

    Attributes:
      n_best: Spans whose probabilities add up to 1, with that of no answer.
      top_k: How many of them are served.
      max_answer_length: Pieces of the longest span.
      unanswerable: Whether there may be no answer though there are spans.
    """

    n_best: int
    top_k: int
    max_answer_length: int
    unanswerable: bool

    def spans(self, logits: tf.Tensor, windows: Windows, num_rows: tf.Tensor) -> Spans:
        """Returns the best spans of each row."""
        return find_spans(
            logits,
            windows,
            num_rows,
            n_best=self.n_best,
            max_answer_length=self.max_answer_length,
        )

    def probabilities(self, spans: Spans) -> dict[str, tf.Tensor]:
        """Returns `score`, of what is answered, and `no_answer_probability`, float32 `(batch,)`."""
        shares, none = self._shares(spans)
        return {keys.SCORE: tf.maximum(shares[:, 0], none), keys.NO_ANSWER_PROBABILITY: none}

    def answers(
        self, logits: tf.Tensor, questions: Questions, contexts: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Returns the answers to questions.

        Args:
          logits: Of the padded windows, float32 `(windows, length, 2)`.
          questions: The windows.
          contexts: Raw texts, string `(batch,)`.

        Returns:
          The outputs of `answer_outputs`, and `probabilities`.
        """
        spans = self.spans(logits, questions.windows, tf.size(contexts))
        starts, ends = locate(questions, spans, self.top_k)
        shares, none = self._shares(spans)
        found = answer_outputs(
            contexts, starts, ends, scores=shares[:, : self.top_k], is_none=none > shares[:, 0]
        )
        return found | self.probabilities(spans)

    def _shares(self, spans: Spans) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the probabilities of the spans, `(batch, n_best)`, and of no answer."""
        none = spans.null_scores
        if not self.unanswerable:
            none = tf.where(spans.is_real[:, 0], tf.constant(_IMPOSSIBLE), none)
        shares = tf.nn.softmax(tf.concat([none[:, tf.newaxis], spans.scores], axis=1))
        return shares[:, 1:], shares[:, 0]


def answer_outputs(
    contexts: tf.Tensor,
    starts: tf.Tensor,
    ends: tf.Tensor,
    *,
    scores: tf.Tensor,
    is_none: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """Returns what is served of spans, best first.

    Args:
      contexts: Raw texts, string `(batch,)`.
      starts: First code point of each span, int32 `(batch, top_k)`.
      ends: The code point after its last one, same shape; where it is none, that of the start.
      scores: Its probability, float32, same shape.
      is_none: Whether no answer is better than the best span, bool `(batch,)`.

    Returns:
      `answer` string, a part of the context or empty; `start` and `end` in code points, int32, -1
      without an answer; `no_answer` bool; all `(batch,)`. Of more than one span also `texts`,
      `starts`, `ends` and `scores`, `(batch, top_k)`; "", -1 and 0.0 stand for those without text,
      and for what a context has less of them.
    """
    valid = tf.strings.unicode_transcode(contexts, "UTF-8", "UTF-8", errors="replace")
    texts = tf.strings.substr(valid[:, tf.newaxis], starts, ends - starts, unit="UTF8_CHAR")
    # A span without text is one of a piece that is only a word start.
    has_text = starts < ends
    starts, ends = (tf.where(has_text, places, -1) for places in (starts, ends))
    is_none |= tf.logical_not(has_text[:, 0])
    answer = {
        keys.ANSWER: tf.where(is_none, "", texts[:, 0]),
        keys.START: tf.where(is_none, -1, starts[:, 0]),
        keys.END: tf.where(is_none, -1, ends[:, 0]),
        keys.NO_ANSWER: is_none,
    }
    if starts.shape[1] == 1:
        return answer
    scores = tf.where(has_text, scores, 0.0)
    return answer | {keys.TEXTS: texts, keys.STARTS: starts, keys.ENDS: ends, keys.SCORES: scores}
