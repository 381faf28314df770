"""The preprocessing function of TFX's Transform: the task's own, which serving runs too."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from typing import Any

import tensorflow as tf

from models.raw_features import example_spec, is_list
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from schemas import features as keys

TASK = "task"
MAX_LENGTH = "max_length"
VOCABULARY_FILE = "vocabulary_file"


def preprocessing_fn(
    inputs: Mapping[str, tf.Tensor | tf.SparseTensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Turns raw features into the model's inputs and targets.

    Args:
      inputs: Raw features by name, `(batch,)`, `(batch, 1)`, or sparse where the schema gives no
        shape.
      custom_config: `task`, the section of the run config; `max_length` in tokens;
        `vocabulary_file`, the path of a SentencePiece model.

    Returns:
      The model's inputs, unpadded, sparse int64 `(batch, None)`, the targets, sparse where the
      task gives ragged ones, and `row_id`, where there is one: by it the serving check finds the
      text of a row again.
    """
    task = create_task(custom_config[TASK])
    with tf.io.gfile.GFile(custom_config[VOCABULARY_FILE], "rb") as stream:
        tokenizer = AlbertTokenizer(stream.read())
    spec = example_spec(task.serving_inputs()) | task.target_spec()
    features = _RawFeatures(inputs, {name for name, feature in spec.items() if is_list(feature)})
    rows = task.transform(features, tokenizer, custom_config[MAX_LENGTH])
    return {name: _written(value) for name, value in rows.items()}


def _written(value: Any) -> tf.Tensor | tf.SparseTensor:
    """Returns values as a tf.Example holds them: integers in 64 bits, rows that differ sparse."""
    if value.dtype == tf.int32:
        value = tf.cast(value, tf.int64)
    return value.to_sparse() if isinstance(value, tf.RaggedTensor) else value


def vocabulary_copy(transform_output: str) -> str:
    """Returns where the vocabulary stands in the folder of a transform graph.

    >>> vocabulary_copy("/runs/transform_graph/7")
    '/runs/transform_graph/7/vocabulary/spiece.model'
    """
    return os.path.join(transform_output, "vocabulary", keys.VOCABULARY_FILE)


class _RawFeatures(Mapping[str, Any]):
    """Raw features as `parse_example` gives them elsewhere, made when asked for.

    One value a row is `(batch,)`, a list ragged `(batch, None)`. Features that nobody asks for may
    be missing in some rows.
    """

    def __init__(
        self, inputs: Mapping[str, tf.Tensor | tf.SparseTensor], lists: Container[str]
    ) -> None:
        self._inputs = inputs
        self._lists = lists

    def __getitem__(self, name: str) -> tf.Tensor | tf.RaggedTensor:
        value: Any = self._inputs[name]
        if name in self._lists:
            return tf.RaggedTensor.from_sparse(value)
        if not isinstance(value, tf.SparseTensor):
            return tf.reshape(value, [-1])
        one_per_row = tf.debugging.assert_equal(
            value.indices[:, 0],
            tf.range(value.dense_shape[0]),
            message=f"feature {name} must have one value in every row",
        )
        with tf.control_dependencies([one_per_row]):
            return tf.identity(value.values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)
