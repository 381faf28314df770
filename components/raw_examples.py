"""Rows of an Examples artifact, read one by one by the steps that need only a few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfx.types import artifact_utils

if TYPE_CHECKING:
    import tensorflow as tf
    from tfx import types


@dataclass(frozen=True)
class RawExample:
    """One row as ingest wrote it.

    Attributes:
      serialized: The tf.Example.
      example: The same, parsed.
    """

    serialized: bytes
    example: tf.train.Example

    def text(self, feature: str) -> bytes:
        """Returns the value of a string feature; empty where the row has none."""
        return next(iter(self.texts(feature)), b"")

    def texts(self, feature: str) -> list[bytes]:
        """Returns the values of a string feature."""
        return list(self.example.features.feature[feature].bytes_list.value)

    def inputs(self, specs: Mapping[str, tf.TensorSpec]) -> dict[str, bytes | list[bytes]]:
        """Returns the raw features that a request carries: a text, or the texts of a list.

        Args:
          specs: Shape of each by name, `(batch,)` or `(batch, longest)`.
        """
        return {
            name: self.texts(name) if spec.shape.rank == 2 else self.text(name)
            for name, spec in specs.items()
        }


def read_raw_examples(artifacts: Sequence[types.Artifact], split: str) -> Iterator[RawExample]:
    """Yields the rows of `split` in the order of its files.

    Args:
      artifacts: Examples artifacts of gzipped or plain TFRecords of tf.Example.
      split: Name of the split.

    Raises:
      ValueError: If an artifact has no such split.
    """
    import tensorflow as tf

    for record in read_serialized(artifacts, split):
        yield RawExample(record, tf.train.Example.FromString(record))


def read_serialized(artifacts: Sequence[types.Artifact], split: str) -> Iterator[bytes]:
    """Yields the rows of `split` as `read_raw_examples` does, not parsed."""
    import tensorflow as tf

    for uri in artifact_utils.get_split_uris(list(artifacts), split):
        for file in sorted(tf.io.gfile.glob(f"{uri}/*")):
            compression = "GZIP" if file.endswith(".gz") else ""
            records: Any = tf.data.TFRecordDataset(file, compression).as_numpy_iterator()
            yield from records
