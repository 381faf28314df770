"""Statistics of the request log, by Beam."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from apache_beam.io import tfrecordio

from components.drift.features import TextFeatures
from components.drift.profile import Profile, Statistics, statistics_options
from components.drift.rows import Row, rows_of_log
from schemas.errors import UserError

_HOUR = "%Y%m%dT%H"
_MAX_BATCH_SIZE = 1024


class DescribeLog(beam.PTransform):
    """Serialized PredictionLogs -> DatasetFeatureStatisticsList of the texts of a period."""

    def __init__(self, profile: Profile, *, since: datetime, until: datetime) -> None:
        """Takes what to describe.

        Args:
          profile: Gives the names of the texts, the vocabulary, and the pieces told apart.
          since: Start of the period, with a time zone.
          until: Its end; records of this second are left out.
        """
        super().__init__()
        self._profile = profile
        self._seconds = range(int(since.timestamp()), int(until.timestamp()))

    def expand(self, records: beam.PCollection[bytes]) -> Any:
        return (
            records
            | "Rows" >> beam.FlatMap(_rows, self._profile.inputs, self._seconds)
            | "Batch" >> beam.BatchElements(min_batch_size=64, max_batch_size=_MAX_BATCH_SIZE)
            | "Features"
            >> beam.ParDo(_Describe(self._profile.vocabulary, self._profile.known_pieces))
            | "Statistics" >> tfdv.GenerateStatistics(statistics_options())
        )


class _Describe(beam.DoFn):
    """list[Row] -> pa.RecordBatch, with the tokenizer loaded once."""

    def __init__(self, vocabulary: bytes, known_pieces: frozenset[str]) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._known_pieces = known_pieces

    def setup(self) -> None:
        self._features = TextFeatures(self._vocabulary, self._known_pieces)

    def process(self, rows: Sequence[Row]) -> Iterator[pa.RecordBatch]:
        yield self._features.batch(rows)


def log_files(folder: Path, since: datetime) -> list[str]:
    """Returns the finished files of the request log that may hold records after `since`.

    Raises:
      UserError: If there is none.
    """
    first = since.astimezone(timezone.utc).strftime(_HOUR)
    files = sorted(folder.glob("predictions-*.tfrecord"))
    recent = [str(file) for file in files if file.name.split("-")[1] >= first]
    if not recent:
        there = f"the last of {len(files)} is {files[-1].name}" if files else "there is none"
        raise UserError(
            f"{folder} must hold finished files of the request log since {since:%Y-%m-%d %H:%M}; "
            f"{there}; start `albert-tfx gateway --log-dir {folder}`, or look further back "
            "with --hours"
        )
    return recent


def describe_log(
    files: Iterable[str], profile: Profile, output: Path, *, since: datetime, until: datetime
) -> Statistics:
    """Writes the statistics of a period of the request log to `output`, and returns them."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with beam.Pipeline() as pipeline:
        _ = (
            pipeline
            | "Files" >> beam.Create(list(files))
            | "Read" >> tfrecordio.ReadAllFromTFRecord()
            | "Describe" >> DescribeLog(profile, since=since, until=until)
            | "Write" >> tfdv.WriteStatisticsToBinaryFile(str(output))
        )
    return Statistics.FromString(output.read_bytes())


def _rows(record: bytes, inputs: Sequence[str], seconds: range) -> Iterator[Row]:
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog.FromString(record)
    if log.log_metadata.timestamp_secs in seconds:
        yield from rows_of_log(log, inputs)
