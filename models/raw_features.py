"""Raw features of a request as tensors: one text a row, or a list of texts a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

FILLER = ""
"""What a request fills lists up with, so that all of them are as long as the longest."""


def example_spec(inputs: Mapping[str, tf.TensorSpec]) -> dict[str, Any]:
    """Returns how `tf.io.parse_example` reads the inputs of a request from raw examples.

    Args:
      inputs: `Task.serving_inputs()`: of one text a row `(batch,)`, of a list `(batch, None)`.
    """
    return {
        name: tf.io.RaggedFeature(spec.dtype, row_splits_dtype=tf.int64)
        if spec.shape.rank == 2
        else tf.io.FixedLenFeature([], spec.dtype)
        for name, spec in inputs.items()
    }


def is_list(feature: Any) -> bool:
    """Returns whether a feature of an `example_spec` may have any number of values in a row."""
    return isinstance(feature, tf.io.RaggedFeature | tf.io.VarLenFeature)


def ragged_lists(features: Mapping[str, tf.Tensor]) -> dict[str, Any]:
    """Takes the fillers from the ends of the lists of a request.

    Args:
      features: string `(batch,)`, or `(batch, longest)` for a list.

    Returns:
      The same, each list a tf.RaggedTensor `(batch, None)`, as `parse_example` returns it.
    """
    return {
        name: _without_fillers(value) if value.shape.rank == 2 else value
        for name, value in features.items()
    }


def _without_fillers(texts: tf.Tensor) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_tensor(  # pyright: ignore[reportAttributeAccessIssue]
        texts, padding=FILLER
    )
