import pytest
import tensorflow as tf

from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.tfrecord import TfRecord
from schemas.errors import UserError


def feature(*values):
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def example(**features):
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.fixture
def write_records(tmp_path):
    def write(*records, name="a.tfrecord"):
        path = str(tmp_path / name)
        with tf.io.TFRecordWriter(path, "GZIP" if name.endswith(".gz") else "") as writer:
            for record in records:
                writer.write(record)
        return path

    return write


def read(path):
    file = SourceFile(
        split="train",
        path=path,
        name="a.tfrecord",
        format="tfrecord",
        gzipped=path.endswith(".gz"),
        columns={"text": "t", "label": "l"},
    )
    return list(TfRecord().read(Chunk(0, file)))


@pytest.mark.parametrize("name", ["a.tfrecord", "a.tfrecord.gz"])
def test_text_and_numbers_are_read(write_records, name):
    path = write_records(example(t=feature("é".encode()), l=feature(1)), name=name)
    (row,) = read(path)
    assert (row.line, row.values) == (1, {"text": "é", "label": "1"})


def test_a_feature_that_is_not_there_is_left_out(write_records):
    (row,) = read(write_records(example(t=feature(b"a"))))
    assert row.values == {"text": "a"}


def test_several_values_are_a_list(write_records):
    (row,) = read(write_records(example(t=feature(b"a", b"b"), l=feature(1, 2))))
    assert row.values == {"text": ["a", "b"], "label": ["1", "2"]}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"\xff\xff", "invalid_example"),
        (example(t=feature(b"caf\xe9"), l=feature(1)), "invalid_utf8"),
    ],
    ids=["no example", "no UTF-8"],  # the order of a map's bytes changes
)
def test_malformed_records_are_rejected_and_the_next_is_read(write_records, record, reason):
    rejection, row = read(write_records(record, example(t=feature(b"b"), l=feature(1))))
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason) == (1, reason)
    assert row.line == 2


def test_the_layout_names_the_features(write_records):
    path = write_records(example(t=feature(b"a"), l=feature(1)))
    assert TfRecord().inspect(path, gzipped=False, header=True) == (("l", "t"), None, 1)


def test_a_text_file_is_refused(write):
    with pytest.raises(UserError, match="is no TFRecord file"):
        TfRecord().inspect(write("a.tfrecord", "text\tlabel\n"), gzipped=False, header=True)


def test_a_damaged_record_is_a_damaged_file(write_records, tmp_path):
    path = write_records(example(t=feature(b"a")), example(t=feature(b"b")))
    content = bytearray((tmp_path / "a.tfrecord").read_bytes())
    content[-8] ^= 1
    (tmp_path / "a.tfrecord").write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        read(path)
