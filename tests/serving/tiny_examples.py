"""Small Examples artifacts, as ingest writes them."""

import tensorflow as tf
from tfx.types import standard_artifacts

from schemas import features as keys
from tests.serving.tiny_models import LABELS


def make_row(position, text, label, **extra):
    """Returns the raw features of one row of `train.tsv`."""
    return {
        keys.TEXT: text,
        keys.LABEL: label,
        keys.LABEL_ID: LABELS.index(label),
        keys.ROW_ID: f"train.tsv:{position}",
        keys.LENGTH_BUCKET: "1-8" if len(text.split()) <= 8 else "9-16",
        **extra,
    }


def serialize(row):
    """Returns a row as a serialized tf.Example."""
    return tf.train.Example(
        features=tf.train.Features(feature={key: _feature(value) for key, value in row.items()})
    ).SerializeToString()


def _feature(value):
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    encoded = value if isinstance(value, bytes) else value.encode()
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded]))


def write_examples(folder, rows, *, split=keys.EVAL):
    """Writes an Examples artifact with one split; returns it, as a step would get it."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.splits = [split]
    artifact.set_string_custom_property("file_format", "tfrecords_gzip")
    file = folder / f"Split-{split}" / "data-00000-of-00001.gz"
    file.parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(file), "GZIP") as writer:
        for row in rows:
            writer.write(serialize(row))
    return artifact
