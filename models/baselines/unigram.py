"""The baseline that does not read the text around a mask: it answers with the frequent words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.pretraining.cloze import MASK
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError

_EVEN = 0.5


class Unigram(tf.Module):
    """Gives the words that are most frequent in training for every mask, and either order."""

    def __init__(self, words: list[tuple[str, float]], *, sentence_order: bool) -> None:
        """Makes the baseline.

        Args:
          words: The most frequent words and their shares, most frequent first.
          sentence_order: Whether there is an answer to the order of two lines.
        """
        super().__init__(name="unigram")
        self._words = tf.constant([word for word, _ in words])
        self._shares = tf.constant([share for _, share in words], tf.float32)
        self._sentence_order = sentence_order

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the answers of pretraining to texts, string `(batch,)`."""
        text = features[keys.TEXT]
        num_masks = tf.strings.split(text, MASK).row_lengths() - 1
        # At least one mask wide for no row at all, whose longest there is not.
        asked = tf.sequence_mask(num_masks, tf.reduce_max(tf.concat([num_masks, [0]], axis=0)))
        asked = asked[..., tf.newaxis]
        answers: dict[str, Any] = {
            keys.TOKENS: tf.where(asked, self._words, ""),
            keys.SCORES: tf.where(asked, self._shares, 0.0),
        }
        if self._sentence_order:
            lines = tf.strings.split(tf.strings.strip(text), "\n").row_lengths()
            answers[keys.IN_ORDER] = tf.where(lines > 1, _EVEN, -1.0)
        return answers


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> Unigram:
    """Counts the words that are hidden in the texts to fill in, a fair sample of all.

    Raises:
      UserError: If there are no words.
    """
    counts: Counter[str] = Counter()
    for batch in rows:
        words = batch[keys.HIDDEN_WORDS].flat_values.numpy().tolist()
        counts.update(word.decode() for word in words)
    if not counts:
        raise UserError(
            "a baseline needs words; the training split has none; check the input files"
        )
    options: Any = task.options
    # Words that are as frequent in the order of the alphabet, whatever the order of the rows.
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: options.top_k]
    total = counts.total()
    return Unigram(
        [(word, count / total) for word, count in best], sentence_order=options.sentence_order
    )
