"""Tiny SavedModels for the server: arithmetic, not language."""

from pathlib import Path

import tensorflow as tf


class HalfPlus(tf.Module):
    """y = x / 2 + offset, and the same as Classify and Regress have it."""

    def __init__(self, offset):
        super().__init__()
        self.offset = tf.Variable(float(offset))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def predict(self, x):
        return {"y": x / 2.0 + self.offset}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="a"),
            tf.TensorSpec([None], tf.int32, name="b"),
        ]
    )
    def add(self, a, b):
        total = a + tf.cast(b, tf.float32)
        return {
            "sum": total,
            "text_bytes": tf.strings.as_string(b),
            "text": tf.strings.as_string(b),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def regress(self, inputs):
        x = self._parse(inputs)
        return {"outputs": x / 2.0 + self.offset}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classify(self, inputs):
        x = self._parse(inputs)
        scores = tf.stack([x, x / 2.0 + self.offset], axis=1)
        labels = tf.broadcast_to(tf.constant(["x", "half"]), tf.shape(scores))
        return {"classes": labels, "scores": scores}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def echo(self, text):
        return {"text": text}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def total(self, x):
        return {"total": tf.reduce_sum(x)}

    def _parse(self, inputs):
        return tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]


def save_half_plus(base: Path, version: int = 1, offset: float = 2.0) -> Path:
    """Writes a version under the model base, and returns its folder."""
    module = HalfPlus(offset)
    folder = base / str(version)
    signatures = {
        "serving_default": module.predict,
        "add": module.add,
        "regress": module.regress,
        "classify": module.classify,
        "echo": module.echo,
        "total": module.total,
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder
