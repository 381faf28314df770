"""From the logits of windows to the answers that are served."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from models.question_answering.inputs import Questions, best_answers
from models.question_answering.spans import Spans, find_spans
from models.windows import Windows
from schemas import features as keys

_IMPOSSIBLE = -1e9


class Decoding(NamedTuple):
    """How spans become an answer.

    Attributes:
      n_best: Spans whose probabilities add up to 1, with that of no answer.
      max_answer_length: Pieces of the longest span.
      unanswerable: Whether there may be no answer though there are spans.
    """

    n_best: int
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
        best, none = self._shares(spans)
        return {keys.SCORE: tf.maximum(best, none), keys.NO_ANSWER_PROBABILITY: none}

    def answers(
        self, logits: tf.Tensor, questions: Questions, contexts: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Returns the answers to questions.

        Args:
          logits: Of the padded windows, float32 `(windows, length, 2)`.
          questions: The windows.
          contexts: Raw texts, string `(batch,)`.

        Returns:
          `answer` string, a part of the context or empty; `start` and `end` in code points, int32,
          -1 without an answer; `no_answer` bool; and `probabilities`; all `(batch,)`.
        """
        spans = self.spans(logits, questions.windows, tf.size(contexts))
        texts, starts, ends = best_answers(questions, spans, contexts)
        best, none = self._shares(spans)
        # A span without text is one of a piece that is only a word start.
        is_none = (none > best) | (starts == ends)
        return {
            keys.ANSWER: tf.where(is_none, "", texts),
            keys.START: tf.where(is_none, -1, starts),
            keys.END: tf.where(is_none, -1, ends),
            keys.NO_ANSWER: is_none,
            **self.probabilities(spans),
        }

    def _shares(self, spans: Spans) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the probabilities of the best span and of no answer."""
        none = spans.null_scores
        if not self.unanswerable:
            none = tf.where(spans.is_real[:, 0], tf.constant(_IMPOSSIBLE), none)
        shares = tf.nn.softmax(tf.concat([none[:, tf.newaxis], spans.scores], axis=1))
        return shares[:, 1], shares[:, 0]
