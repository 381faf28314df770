"""A linear model on TF-IDF of words and word n-grams: what a bag of words can see.

Fitted by scikit-learn, served as TensorFlow ops. Both count the words that `split_words` finds, a
function of TensorFlow ops, so that they cannot disagree about what a word is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer

from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.normalization import normalize
from models.tasks.base import Task
from schemas.errors import UserError

_NO_WORD = r"[^\p{L}\p{M}\p{N}_]+"


class TfidfLinear(tf.Module):
    """A linear model on the TF-IDF vector of a text, computed without ever making that vector."""

    def __init__(
        self,
        vectorizer: TfidfVectorizer,
        coefficients: np.ndarray,
        intercepts: np.ndarray,
        *,
        max_ngram: int,
        task: Task,
    ) -> None:
        """Makes the baseline.

        Args:
          vectorizer: Fitted; has the terms, words joined by one space, and the inverse document
            frequency of each.
          coefficients: Weight of each term for each output, `(num_terms, num_outputs)`.
          intercepts: Constant of each output, `(num_outputs,)`; minus infinity for a label that
            was not seen.
          max_ngram: Words of the longest n-gram.
          task: Decodes the answers.
        """
        super().__init__(name="tfidf")
        self._task = task
        terms = vectorizer.get_feature_names_out().tolist()
        self.max_ngram = max_ngram
        self.num_terms = len(terms)
        positions = tf.lookup.KeyValueTensorInitializer(
            tf.constant(terms), tf.range(len(terms), dtype=tf.int64)
        )
        self.table = tf.lookup.StaticHashTable(positions, default_value=-1)
        self.idf = _constant(vectorizer.idf_)
        self.coefficients = _constant(coefficients)
        self.intercepts = _constant(intercepts)

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the task's answers to raw features, string `(batch,)`."""
        return self._task.decode(self.logits(features))

    def logits(self, features: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Returns logits, float32 `(batch, num_outputs)`, for raw features, string `(batch,)`."""
        words = split_words(features)
        num_rows = words.nrows()
        row, term, count = self._count(words)
        weight = count * tf.gather(self.idf, term)
        length = tf.sqrt(tf.math.unsorted_segment_sum(tf.square(weight), row, num_rows))
        scores = tf.math.unsorted_segment_sum(
            weight[:, tf.newaxis] * tf.gather(self.coefficients, term), row, num_rows
        )
        return tf.math.divide_no_nan(scores, length[:, tf.newaxis]) + self.intercepts

    def _count(self, words: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Counts the known terms: row, position of the term, and count, each `(num_counts,)`."""
        widths = range(1, self.max_ngram + 1)
        ngrams = tf.concat([tf.strings.ngrams(words, n, separator=" ") for n in widths], axis=1)
        terms = self.table.lookup(ngrams.values)
        known = terms >= 0
        pairs = tf.boolean_mask(ngrams.value_rowids() * self.num_terms + terms, known)
        pair, _, count = tf.unique_with_counts(pairs)
        return pair // self.num_terms, pair % self.num_terms, tf.cast(count, tf.float32)


def _constant(values: np.ndarray) -> tf.Variable:
    """Returns numbers that a SavedModel keeps beside its graph, and not within."""
    return tf.Variable(tf.constant(values, tf.float32), trainable=False)


def split_words(features: Mapping[str, tf.Tensor]) -> tf.RaggedTensor:
    """Returns the words of each row, string `(batch, None)`, in lower case and without accents.

    A word is letters, marks, digits and underscores of any script; the rest separates. The text is
    normalised as the candidate's is. The features of a row are read one after the other, in the
    order of their names.

    Args:
      features: Raw text, string `(batch,)` each.
    """
    text = tf.strings.join([features[name] for name in sorted(features)], separator=" ")
    return tf.strings.split(tf.strings.regex_replace(normalize(text), _NO_WORD, " "))


@dataclass(frozen=True)
class Vectors:
    """The training rows as a bag of words each.

    Attributes:
      vectorizer: Fitted on them.
      values: TF-IDF, sparse `(rows, num_terms)`.
      targets: The target of each, `(rows, ...)`.
    """

    vectorizer: TfidfVectorizer
    values: Any
    targets: np.ndarray


def vectorize(rows: Rows, task: Task, config: BaselinesConfig, *, name: str) -> Vectors:
    """Counts the words of the training rows.

    Args:
      rows: The rows.
      task: Says which features are text, and which the target.
      config: Length and number of the terms.
      name: The baseline's, for messages.

    Raises:
      UserError: If there is no word.
    """
    vectorizer = TfidfVectorizer(
        tokenizer=str.split,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, config.ngrams),
        max_features=config.max_terms,
        dtype=np.float64,
    )
    targets: list[np.ndarray] = []
    try:
        values = vectorizer.fit_transform(_texts(rows, task, targets))
    except ValueError as error:
        raise UserError(
            f"the {name} baseline needs words in the training texts; {error}; check the text "
            "column, or leave it out of baselines.include"
        ) from error
    return Vectors(vectorizer, values, np.concatenate(targets))


def _texts(rows: Rows, task: Task, targets: list[np.ndarray]) -> Iterator[str]:
    """Yields each text as words joined by spaces, and keeps the targets on the way."""
    for batch in rows:
        targets.append(batch[task.label_key].numpy())
        words = split_words({name: batch[name] for name in task.serving_inputs()})
        joined = tf.strings.reduce_join(words, axis=1, separator=" ")
        for text in joined.numpy():
            yield text.decode()
