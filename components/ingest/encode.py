"""A row of text becomes a tf.Example, or a rejection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from components.ingest.config import IngestConfig
from components.ingest.formats.base import Rejection, Row, SourceFile, reject
from models.tasks.base import FeatureValue, RowError, Task
from schemas import features as keys
from schemas.errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf

_FRACTION_BITS = 64


class EncodedRow(NamedTuple):
    """A row that goes into the examples.

    Attributes:
      split: Split that it goes to.
      line: Line in its file.
      example: Serialized tf.Example.
      text_digest: 64 bits by which rows have the same text.
      target_digest: 32 bits by which rows have the same target.
      labels: Its labels, none for tasks without.
    """

    split: str
    line: int
    example: bytes
    text_digest: int
    target_digest: int
    labels: tuple[str, ...]


class RowEncoder:
    """Turns the rows of one file into examples."""

    def __init__(self, file: SourceFile, config: IngestConfig, task: Task) -> None:
        """Makes the encoder.

        Args:
          file: The file that the rows come from.
          config: Longest text; share and column of eval where it is split from train.
          task: Turns a row into features.
        """
        self._file = file
        self._task = task
        self._max_length = config.max_text_length
        self._file_column = config.file_column
        divided = config.eval is None and file.split == keys.TRAIN
        self._eval_fraction = config.eval_fraction if divided else 0.0
        self._group_by = config.split_column(file.split)
        # A column that is read only to split by is no feature.
        is_feature = self._group_by in (*task.columns, *config.columns)
        self._left_out = None if is_feature else self._group_by

    def encode(self, row: Row) -> EncodedRow | Rejection:
        """Returns the example of a row, or why it cannot be used."""
        problem = row_problem(row, self._task, max_length=self._max_length)
        if problem is not None:
            return problem._replace(id=row.id)
        try:
            given_group = None if self._group_by is None else _group_of(row, self._group_by)
            values = {role: row.values[role] for role in row.values if role != self._left_out}
            features = self._task.encode_row(values)
        except RowError as error:
            return reject(row.line, error.reason, str(error), row.raw)._replace(id=row.id)
        digest = _digest(self._task.identity(features))
        group = self._task.group(features) if given_group is None else given_group
        features[keys.ROW_ID] = f"{self._file.name}:{row.place}".encode()
        if self._file_column is not None:
            _add_file_name(features, self._file_column, self._file.name)
        return EncodedRow(
            split=self._split((digest if group is None else _digest(group))[8:]),
            line=row.line,
            example=serialize_example(features),
            text_digest=int.from_bytes(digest[:8], "little"),
            target_digest=_target_digest(features.get(self._task.label_key)),
            labels=_labels(features.get(keys.LABEL)),
        )

    def _split(self, digest: bytes) -> str:
        """Returns the split by a hash of the text: a repeated text never stands on both sides."""
        if not self._eval_fraction:
            return self._file.split
        fraction = int.from_bytes(digest, "little") / (1 << _FRACTION_BITS)
        return keys.EVAL if fraction < self._eval_fraction else keys.TRAIN


def _group_of(row: Row, column: str) -> str:
    """Returns the value of `ingest.group_by` in a row.

    Raises:
      RowError: If the row has none.
    """
    if column not in row.values:
        message = f"a row must have a value for {column}, the column of ingest.group_by"
        raise RowError("missing_column", f"{message}; received none")
    return "\n".join(row.texts(column))


def row_problem(row: Row, task: Task, *, max_length: int) -> Rejection | None:
    """Checks what every task needs: the required columns, no NUL, no text beyond the limit.

    Args:
      row: As a format reads it.
      task: Says which columns are required, and which may hold lists and objects.
      max_length: Longest text in characters.
    """
    for role in task.required_columns:
        if role not in row.values:
            message = f"a row must have a value for {role}; received none"
            return reject(row.line, "missing_column", message, row.raw)
    for role, value in row.values.items():
        if not isinstance(value, str) and role not in task.structured_columns:
            message = f"{role} must be one value; received {len(value)}: {value!r:.100}"
            return reject(row.line, "invalid_value", message, row.raw)
        for text in row.texts(role):
            if "\0" in text:
                message = f"{role} must not hold NUL; received one"
                return reject(row.line, "nul", message, row.raw)
            if len(text) > max_length and role in task.columns:
                message = (
                    f"{role} must not be longer than {max_length} characters; "
                    f"received {len(text)}; shorten it, or raise ingest.max_text_length"
                )
                return reject(row.line, "too_long", message, row.raw)
    return None


def _add_file_name(features: dict[str, FeatureValue], column: str, name: str) -> None:
    if column in features:
        raise UserError(
            f"ingest.file_column must be no feature that a row has already; received {column!r}; "
            "choose another name"
        )
    features[column] = name.encode()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def serialize_example(features: Mapping[str, FeatureValue]) -> bytes:
    """Returns `features` as a serialized tf.Example; their order does not change the bytes."""
    import tensorflow as tf

    example = tf.train.Example()
    for key, value in features.items():
        _add_feature(example.features.feature[key], value)
    return example.SerializeToString(deterministic=True)


def _add_feature(feature: tf.train.Feature, value: FeatureValue) -> None:
    values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    if not values:
        return
    if isinstance(values[0], bytes):
        feature.bytes_list.value.extend(values)
    elif isinstance(values[0], int):
        feature.int64_list.value.extend(values)
    else:
        feature.float_list.value.extend(values)


def _target_digest(target: FeatureValue | None) -> int:
    return int.from_bytes(hashlib.blake2b(repr(target).encode(), digest_size=4).digest(), "little")


def _labels(value: FeatureValue | None) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(label.decode() for label in values if isinstance(label, bytes))
