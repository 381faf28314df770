"""Writes the SavedModel that is served: raw text or tf.Examples in, decoded answers out.

Every model of the system, the baselines too, is written by this one function, so that they can be
evaluated, compared and served by the same means. Only plain functions and variables are saved, no
Keras objects: a Keras model in the object graph makes saving several times as slow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from models.raw_features import example_spec, ragged_lists
from models.tasks.base import Task
from schemas import features as keys
from schemas.model_info import ModelInfo, model_info_path, write_model_info

Predict = Callable[[Mapping[str, tf.Tensor]], Mapping[str, tf.Tensor]]
"""Raw features by name, string `(batch,)`, lists ragged `(batch, None)`, to decoded answers."""


class TrackedPredict(tf.Module):
    """A Predict function together with what it needs when it is loaded."""

    def __init__(self, predict: Predict, tracked: Sequence[Any]) -> None:
        """Makes one.

        Args:
          predict: The function.
          tracked: The variables, tables and modules that it uses.
        """
        super().__init__(name="served_model")
        self._predict = predict
        self.tracked = list(tracked)

    def __call__(self, features: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
        return self._predict(features)


def export_saved_model(
    directory: str, task: Task, predict: Predict, info: ModelInfo, *, tracked: Sequence[Any] = ()
) -> None:
    """Writes a SavedModel with the signatures `serving_default` and `examples`.

    Args:
      directory: Folder to write.
      task: Gives the raw features that a request carries.
      predict: The model, as TensorFlow ops that stock TensorFlow Serving has, none of them compiled
        by XLA, for any number of rows.
      info: What the model says of itself.
      tracked: The variables, tables and modules that `predict` uses, unless it is a tf.Module.
    """
    inputs = task.serving_inputs()
    spec = example_spec(inputs)
    traced: Any = tf.function(predict, autograph=False)  # once, for both signatures

    def answer(**features: tf.Tensor) -> Mapping[str, tf.Tensor]:
        return traced(ragged_lists(features))

    def answer_examples(examples: tf.Tensor) -> Mapping[str, tf.Tensor]:
        return traced(tf.io.parse_example(examples, spec))

    serialized = tf.TensorSpec([None], tf.string, name=keys.SERIALIZED_EXAMPLES)
    tf.saved_model.save(
        TrackedPredict(predict, tracked),
        directory,
        signatures={
            keys.SERVING_DEFAULT: tf.function(answer, autograph=False).get_concrete_function(
                **inputs
            ),
            keys.EXAMPLES_SIGNATURE: tf.function(
                answer_examples, autograph=False
            ).get_concrete_function(serialized),
        },
    )
    write_model_info(directory, info)


def write_reference(
    directory: str, row_ids: Sequence[bytes], outputs: Mapping[str, tf.Tensor]
) -> None:
    """Writes the trainer's own answers to some rows into a SavedModel.

    The serving check sends the texts of these rows to the exported model and compares: ids from
    tf.Transform and a model in memory here, raw text and a loaded graph there.

    Args:
      directory: Folder of the SavedModel.
      row_ids: `row_id` of each row.
      outputs: Decoded answers by name, `(rows, ...)`.
    """
    values = {name: output.numpy().tolist() for name, output in outputs.items()}
    rows = [
        {
            keys.ROW_ID: row_id.decode(),
            "outputs": {name: column[index] for name, column in values.items()},
        }
        for index, row_id in enumerate(row_ids)
    ]
    path = model_info_path(directory).with_name(keys.REFERENCE_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
