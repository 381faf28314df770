"""A text as drift sees it, from the training data or from the request log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas import features as keys

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Row:
    """One text, or several that belong together, and the label.

    Attributes:
      texts: Text by name of the request's input, UTF-8; what was not kept is a note of its length.
      label: What it was labelled with, or what the model answered; empty where there is none.
    """

    texts: Mapping[str, bytes]
    label: bytes = b""


def row_of_example(serialized: bytes, inputs: Iterable[str]) -> Row:
    """Returns the row of a raw tf.Example.

    Args:
      serialized: The tf.Example.
      inputs: Names of its texts.
    """
    import tensorflow as tf

    features = tf.train.Example.FromString(serialized).features.feature
    return Row(
        {name: _first(features[name].bytes_list.value) for name in inputs if name in features},
        _first(features[keys.LABEL].bytes_list.value) if keys.LABEL in features else b"",
    )


def rows_of_log(log: Any, inputs: Iterable[str]) -> Iterator[Row]:
    """Yields a row for each text of a logged request.

    Args:
      log: A PredictionLog; one of another call than Predict has no rows.
      inputs: Names of the request's texts.
    """
    import tensorflow as tf

    request, outputs = log.predict_log.request, log.predict_log.response.outputs
    labels = outputs[keys.PREDICTED_LABEL].string_val if keys.PREDICTED_LABEL in outputs else ()
    if request.model_spec.signature_name == keys.EXAMPLES_SIGNATURE:
        examples = tf.make_ndarray(request.inputs[keys.SERIALIZED_EXAMPLES]).ravel()
        texts = [row_of_example(example, inputs).texts for example in examples]
    else:
        columns = {
            name: tf.make_ndarray(request.inputs[name]).ravel()
            for name in inputs
            if name in request.inputs
        }
        texts = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    for number, row in enumerate(texts):
        yield Row(row, labels[number] if number < len(labels) else b"")


def sample(records: Iterable[_Record], size: int) -> list[_Record]:
    """Returns records at even distances, `size` to twice as many where there are enough.

    Files are often sorted, so their first rows are no sample. One pass, constant memory.

    >>> sample(range(100), 4)
    [0, 16, 32, 48, 64, 80, 96]
    """
    kept: list[_Record] = []
    distance = 1
    for number, record in enumerate(records):
        if number % distance == 0:
            kept.append(record)
        if len(kept) == 2 * size:
            kept = kept[::2]
            distance *= 2
    return kept


def _first(values: Any) -> bytes:
    return values[0] if values else b""
