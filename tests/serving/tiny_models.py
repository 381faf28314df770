"""Tiny SavedModels with the signatures of every model of the system: a bag of words, untrained."""

import json
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from schemas import features as keys
from schemas.model_info import ModelInfo, write_model_info

LABELS = ("negative", "positive")
WEIGHTS = {"good": (-1.0, 1.0), "bad": (1.0, -1.0), "great": (-2.0, 2.0), "awful": (2.0, -2.0)}


class BagOfWords(tf.Module):
    """Adds up a weight for each known word, and softmaxes."""

    def __init__(self, labels, weights, *, feature=keys.TEXT, jit=False):
        super().__init__()
        self.labels = labels
        self.feature = feature
        words = tf.lookup.KeyValueTensorInitializer(
            tf.constant(list(weights)), tf.range(len(weights), dtype=tf.int64)
        )
        self.table = tf.lookup.StaticHashTable(words, default_value=len(weights))
        rows = [*weights.values(), (0.0,) * len(labels)]
        self.weights = tf.Variable(tf.constant(rows, tf.float32))
        self.softmax = tf.function(tf.nn.softmax, jit_compile=True) if jit else tf.nn.softmax

    def answer(self, text):
        words = tf.strings.split(tf.strings.lower(text))
        scores = tf.ragged.map_flat_values(
            lambda word: tf.gather(self.weights, self.table.lookup(word)), words
        )
        probabilities = self.softmax(tf.reduce_sum(scores, axis=1))
        labels = tf.constant(self.labels)
        return {
            keys.PREDICTED_LABEL: tf.gather(labels, tf.argmax(probabilities, axis=-1)),
            keys.PROBABILITY: tf.reduce_max(probabilities, axis=-1),
            keys.PROBABILITIES: probabilities,
            keys.LABELS: tf.broadcast_to(labels, tf.shape(probabilities)),
        }

    def answer_examples(self, examples):
        spec = {self.feature: tf.io.FixedLenFeature([], tf.string)}
        return self.answer(tf.io.parse_example(examples, spec)[self.feature])


def save_model(
    folder: Path,
    *,
    labels=LABELS,
    weights: Mapping[str, tuple[float, ...]] = WEIGHTS,
    name="albert",
    task="classification",
    feature=keys.TEXT,
    jit=False,
    reference: Mapping[str, str] | None = None,
) -> Path:
    """Writes a SavedModel as the trainer does, and its answers to `reference`, texts by row id."""
    module = BagOfWords(labels, weights, feature=feature, jit=jit)
    text = tf.TensorSpec([None], tf.string, name=feature)
    examples = tf.TensorSpec([None], tf.string, name=keys.SERIALIZED_EXAMPLES)
    signatures = {
        keys.SERVING_DEFAULT: tf.function(
            module.answer, input_signature=[text]
        ).get_concrete_function(),
        keys.EXAMPLES_SIGNATURE: tf.function(
            module.answer_examples, input_signature=[examples]
        ).get_concrete_function(),
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    write_model_info(folder, ModelInfo(name=name, task=task, labels=labels, max_length=16))
    if reference is not None:
        answers = module.answer(tf.constant(list(reference.values())))[keys.PROBABILITIES].numpy()
        rows = [
            {"row_id": row_id, "outputs": {keys.PROBABILITIES: answer.tolist()}}
            for row_id, answer in zip(reference, answers, strict=True)
        ]
        (folder / "assets.extra" / "reference.json").write_text(json.dumps(rows), "utf-8")
    return folder
