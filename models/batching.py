"""Batches of transformed rows: of like lengths, in an order that a seed fixes, from any step on.

tf.Transform writes variable-length rows. They are sorted by length within pools of some thousand,
so that a batch is hardly padded at all, and one batch of an epoch at most is not full, however many
lengths there are. (`bucket_by_sequence_length` leaves one unfinished batch for every bucket,
and buckets of a useful width pad more.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from models.epoch import EpochSize
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError

POOL_BATCHES = 64
"""Batches that are sorted by length together."""

SHUFFLED_ROWS = 100_000
"""Rows held in memory: a split of up to this many is shuffled fully."""

_PREFETCHED_BATCHES = 4
_ROWS_PARSED = 1024
_MODEL_INPUTS = (keys.TOKEN_IDS, keys.SEGMENT_IDS)

# tf.data hands functions to AutoGraph, which has nothing to convert here and takes its time.
_as_it_is = tf.autograph.experimental.do_not_convert


class TransformedSplit:
    """The rows of one split, as tf.Transform wrote them.

    A batch is a pair of the model's inputs by name and the target, as `Task.batch` makes it.
    """

    def __init__(
        self, patterns: Sequence[str], feature_spec: Mapping[str, Any], task: Task
    ) -> None:
        """Finds the files.

        Args:
          patterns: Globs of gzipped TFRecords of tf.Example.
          feature_spec: `TFTransformOutput.transformed_feature_spec()`.
          task: Pads the rows of a batch.

        Raises:
          UserError: If there is no file, no target, or no row id.
        """
        self._files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
        if not self._files:
            raise UserError(
                f"a split must have files; nothing matches {list(patterns)}; transform again"
            )
        self._targets = sorted(feature_spec.keys() - {*_MODEL_INPUTS, keys.ROW_ID})
        if not self._targets:
            raise UserError(
                f"transformed rows must have a target; received {sorted(feature_spec)}; "
                "change the task's `targets`"
            )
        if keys.ROW_ID not in feature_spec:
            raise UserError(
                f"transformed rows must have {keys.ROW_ID}; received {sorted(feature_spec)}; "
                "ingest the data again"
            )
        self._task = task
        self._feature_spec = dict(feature_spec)

    def measure(self, batch_size: int) -> EpochSize:
        """Reads the split once and returns what an epoch of it comes to.

        Raises:
          UserError: If the split has no rows.
        """

        @_as_it_is
        def add(sums: tf.Tensor, batch: tuple[dict[str, tf.Tensor], tf.Tensor]) -> tf.Tensor:
            mask = batch[0][keys.PADDING_MASK]
            counts = [tf.shape(mask)[0], 1, tf.reduce_sum(mask), tf.size(mask)]
            return sums + tf.cast(tf.stack(counts), tf.int64)

        batches = self._padded(self._sorted_batches(self._rows(), batch_size))
        sums = batches.reduce(tf.zeros(4, tf.int64), add)
        size = EpochSize(batch_size, *sums.numpy().tolist())
        if not size.rows:
            raise UserError(_no_rows(self._files))
        return size

    def training_batches(
        self, epoch_size: EpochSize, *, seed: int, start_step: int = 0
    ) -> tf.data.Dataset:
        """Returns the endless sequence of training batches.

        Args:
          epoch_size: What `measure` returned.
          seed: Seed of the order; every epoch has another.
          start_step: Batches to leave out at the start, as if they had been read.
        """
        first_epoch, skipped = divmod(start_step, epoch_size.batches)

        @_as_it_is
        def epoch_batches(epoch: Any) -> tf.data.Dataset:
            # The seed of this function's own graph, so that the process-wide one has no say in the
            # order; never 0, which together with an op's 0 would mean a random order.
            tf.compat.v1.set_random_seed(seed + 1)
            rows = self._rows().shuffle(SHUFFLED_ROWS, seed=2 * epoch)
            batches = self._sorted_batches(rows, epoch_size.batch_size)
            batches = batches.shuffle(POOL_BATCHES, seed=2 * epoch + 1)
            return batches.skip(tf.where(epoch == first_epoch, tf.cast(skipped, tf.int64), 0))

        epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
        return self._padded(epochs.flat_map(epoch_batches), seed=seed + 1, first=start_step)

    def evaluation_batches(self, epoch_size: EpochSize) -> tf.data.Dataset:
        """Returns every row once, in an order that is always the same, to be read many times.

        Args:
          epoch_size: What `measure` returned; up to `SHUFFLED_ROWS` rows are kept in memory.
        """
        batches = self._padded(self._sorted_batches(self._rows(), epoch_size.batch_size))
        # Keras warns of data that runs out where it is not told how much there is.
        batches = batches.apply(tf.data.experimental.assert_cardinality(epoch_size.batches))
        return batches.cache() if epoch_size.rows <= SHUFFLED_ROWS else batches

    def targets(self, limit: int = SHUFFLED_ROWS) -> dict[str, np.ndarray]:
        """Returns the targets of the first `limit` rows by name, or of all if there are fewer.

        Of ragged ones it returns the values, one row after the other.
        """
        batches = list(self._rows().take(limit).batch(_ROWS_PARSED).map(_as_it_is(self._parse)))
        return {
            name: np.concatenate([_flat(rows[name]).numpy() for rows in batches])
            for name in self._targets
        }

    def unpadded_batches(self, batch_size: int) -> tf.data.Dataset:
        """Returns every row once, in batches of features as `Task.batch` takes them."""
        return self._sorted_batches(self._rows(), batch_size)

    def first_rows(self, count: int) -> dict[str, Any]:
        """Returns the features of the first `count` rows, or of all if there are fewer.

        Raises:
          UserError: If the split has no rows.
        """
        rows = next(iter(self._rows().take(count).batch(count).map(_as_it_is(self._parse))), None)
        if rows is None:
            raise UserError(_no_rows(self._files))
        return rows

    def _rows(self) -> tf.data.Dataset:
        """Returns serialized tf.Examples, in the order of the files."""
        return tf.data.TFRecordDataset(self._files, compression_type="GZIP")

    def _parse(self, serialized: tf.Tensor) -> dict[str, Any]:
        """Parses tf.Examples, string `(batch,)`, sparse features as ragged ones."""
        rows = tf.io.parse_example(serialized, self._feature_spec)
        return {
            name: tf.RaggedTensor.from_sparse(value)
            if isinstance(value, tf.SparseTensor)
            else value
            for name, value in rows.items()
        }

    def _sorted_batches(self, rows: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
        """Sorts each pool of serialized rows by length, and cuts it into unpadded batches."""

        @_as_it_is
        def cut(pool: tf.Tensor) -> tf.data.Dataset:
            features = self._parse(pool)
            order = tf.argsort(features[keys.TOKEN_IDS].row_lengths(), stable=True)
            starts = tf.data.Dataset.range(0, tf.size(order, tf.int64), batch_size)

            @_as_it_is
            def slice_rows(start: tf.Tensor) -> dict[str, tf.Tensor | tf.RaggedTensor]:
                chosen = order[start : start + batch_size]
                return {name: tf.gather(value, chosen) for name, value in features.items()}

            return starts.map(slice_rows)

        return rows.batch(POOL_BATCHES * batch_size).flat_map(cut)

    def _padded(
        self, batches: tf.data.Dataset, *, seed: int = 0, first: int = 0
    ) -> tf.data.Dataset:
        """Makes batches as the model takes them, of batches of rows numbered from `first` on."""

        @_as_it_is
        def make(number: tf.Tensor, rows: Mapping[str, Any]) -> tuple[dict[str, tf.Tensor], Any]:
            return self._task.batch(rows, seed=_seed(seed, number))

        return batches.enumerate(first).map(make).prefetch(_PREFETCHED_BATCHES)


def _no_rows(files: Sequence[str]) -> str:
    return (
        f"a split must have rows; there are none in {', '.join(files)}; check the input files, and "
        "ingest.eval_fraction where the split is made from the training file"
    )


def _seed(seed: int, number: Any) -> tf.Tensor:
    return tf.stack([tf.constant(seed, tf.int64), tf.cast(number, tf.int64)])


def _flat(values: Any) -> tf.Tensor:
    return values.flat_values if isinstance(values, tf.RaggedTensor) else values
