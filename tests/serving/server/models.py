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


def save_shared_input(base: Path, version: int = 1) -> Path:
    """Writes a version as TensorFlow 1 did: two signatures on one placeholder, and a scalar y."""
    v1 = tf.compat.v1
    folder = base / str(version)
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = v1.placeholder(tf.string, [None], name="examples")
        x = v1.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]
        offset = v1.get_variable("offset", initializer=2.0, use_resource=False)
        y = x / 2.0 + offset
        session.run(v1.global_variables_initializer())
        info = v1.saved_model.build_tensor_info
        make = v1.saved_model.build_signature_def
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            [tf.saved_model.SERVING],
            {
                "regress": make(
                    {"inputs": info(inputs)}, {"outputs": info(y)}, "tensorflow/serving/regress"
                ),
                "classify": make(
                    {"inputs": info(inputs)}, {"scores": info(y)}, "tensorflow/serving/classify"
                ),
            },
        )
        builder.save()
    return folder
