"""The baseline that knows words, but not their neighbours: each gets its most frequent tag."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import tensorflow as tf

from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.tagging.alignment import OUTSIDE_ID, parse_entities, tag_words
from models.tagging.decoding import TaggedWords, answer_entities, list_entities
from models.tagging.words import Words, find_words, valid_text
from models.tasks.base import Task
from models.tasks.tagging import Tagging
from schemas import features as keys
from schemas.errors import UserError


class MajorityTag(tf.Module):
    """Gives each word the tag that it has most often in training; `O` where it is unknown."""

    def __init__(self, counts: Mapping[str, Counter[int]], task: Tagging) -> None:
        """Makes the baseline.

        Args:
          counts: How often each word has each tag.
          task: Its types, and what a word is.
        """
        super().__init__(name="majority_tag")
        self._types = task.options.types
        self._num_tags = len(task.labels)
        self._split_punctuation = task.options.split_punctuation
        words, tags, shares = [], [], []
        for word, by_tag in sorted(counts.items()):
            tag = max(by_tag, key=lambda tag: (by_tag[tag], -tag))
            if tag != OUTSIDE_ID:
                words.append(word)
                tags.append(tag)
                shares.append(by_tag[tag] / by_tag.total())
        # A table needs an entry, and no word is empty.
        initializer = tf.lookup.KeyValueTensorInitializer(
            tf.constant(["", *words]), tf.range(len(words) + 1, dtype=tf.int64)
        )
        self.table = tf.lookup.StaticHashTable(initializer, default_value=0)
        self.tags = tf.Variable(tf.constant([OUTSIDE_ID, *tags], tf.int64), trainable=False)
        self.shares = tf.Variable(tf.constant([1.0, *shares]), trainable=False)

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the entities of raw texts, string `(batch,)`.

        The score of an entity is the mean share that the tags of its words have in training.
        """
        text = features[keys.TEXT]
        words = find_words(text, split_punctuation=self._split_punctuation)
        place = self.table.lookup(spellings(text, words))
        shares = tf.gather(self.shares, place)[:, tf.newaxis]
        is_tag = tf.one_hot(tf.gather(self.tags, place), self._num_tags)
        tagged = TaggedWords(
            words.starts.value_rowids(),
            words.starts.flat_values,
            words.ends.flat_values,
            is_tag * shares,
        )
        entities = list_entities(tagged, tf.shape(text, tf.int64)[0], self._types)
        return answer_entities(text, entities)


def spellings(text: tf.Tensor, words: Words) -> tf.Tensor:
    """Returns the words of texts in lower case, string, flat.

    Args:
      text: string `(batch,)`.
      words: Where its words stand.
    """
    rows = tf.gather(valid_text(text), words.starts.value_rowids())
    starts = words.starts.flat_values
    parts = tf.strings.substr(rows, starts, words.ends.flat_values - starts, unit="UTF8_CHAR")
    return tf.strings.lower(parts, encoding="utf-8")


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> MajorityTag:
    """Counts the tags of words.

    Raises:
      UserError: If there are no rows, or the task is another.
    """
    if not isinstance(task, Tagging):
        raise UserError(
            f"the baseline majority_tag is for the task tagging; received {task.name}; "
            "take it out of baselines.include"
        )
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for batch in rows:
        text = batch[keys.TEXT]
        words = find_words(text, split_punctuation=task.options.split_punctuation)
        tags = tag_words(
            words.starts.value_rowids(),
            words.starts.flat_values,
            words.ends.flat_values,
            parse_entities(batch[keys.ENTITIES], task.options.types),
        )
        for word, tag in zip(spellings(text, words).numpy(), tags.numpy().tolist(), strict=True):
            counts[word.decode()][tag] += 1
    if not counts:
        raise UserError("a baseline needs rows; the training split has none; check the input files")
    return MajorityTag(counts, task)
