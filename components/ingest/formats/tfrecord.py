"""TFRecord files of tf.Example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from components.ingest.files import open_content
from components.ingest.formats.base import Chunk, Format, Layout, Rejection, Row, reject
from models.tasks.base import RowValue
from schemas.errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf

_FRAME_BYTES = 12  # length (8) and its checksum (4), before each record
_ROWS_LOOKED_AT = 20
_READ_AT_ONCE = 256


class TfRecord(Format):
    """One tf.Example a record; bytes features are UTF-8 text, numbers become text.

    A feature with several values becomes a list.
    """

    endings = (".tfrecord", ".tfrecords")
    text = False

    def inspect(self, path: str, *, gzipped: bool, header: bool) -> Layout:
        del header
        _check_first_frame(path, gzipped)
        names: dict[str, None] = {}
        num_rows = 0
        for record in islice(_records(path, gzipped), _ROWS_LOOKED_AT):
            num_rows += 1
            example = _parse(num_rows, record)
            names |= (
                {}
                if isinstance(example, Rejection)
                else dict.fromkeys(sorted(example.features.feature))
            )
        return Layout(tuple(names), None, num_rows)

    def read(self, chunk: Chunk) -> Iterator[Row | Rejection]:
        keys = [(role, str(key)) for role, key in chunk.file.columns.items()]
        for number, record in enumerate(_records(chunk.file.path, chunk.file.gzipped), 1):
            example = _parse(number, record)
            yield example if isinstance(example, Rejection) else _row(number, record, example, keys)


def _check_first_frame(path: str, gzipped: bool) -> None:
    """Refuses a file that cannot be a TFRecord before TensorFlow is loaded to read it."""
    with open_content(path, gzipped=gzipped) as stream:
        frame = stream.read(_FRAME_BYTES)
        length = int.from_bytes(frame[:8], "little")
        if len(frame) == _FRAME_BYTES and length < 1 << 31 and len(stream.read(length)) == length:
            return
    raise UserError(
        f"{path} is no TFRecord file; check ingest.format, "
        "or write it again with tf.io.TFRecordWriter"
    )


def _records(path: str, gzipped: bool) -> Iterator[bytes]:
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(path, compression_type="GZIP" if gzipped else "")
    with _damage_reported(path):
        # In batches: a call into TensorFlow for each record costs more than the record.
        for batch in dataset.batch(_READ_AT_ONCE).as_numpy_iterator():
            yield from batch.tolist()


@contextmanager
def _damage_reported(path: str) -> Iterator[None]:
    import tensorflow as tf

    try:
        yield
    except tf.errors.DataLossError as error:
        raise UserError(
            f"{path} is damaged ({error.message}); write it again with tf.io.TFRecordWriter"
        ) from error


def _parse(number: int, record: bytes) -> tf.train.Example | Rejection:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        return tf.train.Example.FromString(record)
    except DecodeError:
        return reject(number, "invalid_example", "a record must be a serialized tf.Example", record)


def _row(
    number: int, raw: bytes, example: tf.train.Example, keys: list[tuple[str, str]]
) -> Row | Rejection:
    """Returns the values of the roles; the task says which of them may be without one."""
    values: dict[str, RowValue] = {}
    for role, key in keys:
        feature = example.features.feature.get(key)
        kind = None if feature is None else feature.WhichOneof("kind")
        items = getattr(feature, kind).value if kind else ()
        try:
            texts: list[Any] = [
                item.decode("utf-8") if kind == "bytes_list" else str(item) for item in items
            ]
        except UnicodeDecodeError as error:
            return reject(number, "invalid_utf8", f"{key} must be valid UTF-8; {error.reason}", raw)
        if texts:
            values[role] = texts if len(texts) > 1 else texts[0]
    return Row(number, values, raw)


FORMAT = TfRecord
