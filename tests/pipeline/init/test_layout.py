import json

import pytest

from components.ingest.formats.base import Row
from pipeline.init.layout import detect_layout
from schemas.errors import UserError


def _values(layout, *columns):
    return [row.values for row in layout.rows(columns) if isinstance(row, Row)]


@pytest.mark.parametrize(
    ("name", "header", "columns"),
    [
        ("rows.tsv", ("text", "label"), ("text", "label")),
        ("rows.csv", ("text", "label"), ("text", "label")),
        ("rows.tsv.gz", ("text", "label"), ("text", "label")),
        ("rows.jsonl", ("text", "label"), ("text", "label")),
        ("rows.tsv", None, (0, 1)),
        ("rows.csv.gz", None, (0, 1)),
        ("rows.txt", None, (0, 1)),
    ],
)
def test_format_header_and_columns_are_found(write_rows, messages, name, header, columns):
    layout = detect_layout(write_rows(name, [header, *messages] if header else messages))
    assert layout.header is (header is not None)
    assert layout.columns == columns
    assert _values(layout, *columns)[0] == dict(zip(map(str, columns), messages[0], strict=True))


def test_the_format_of_an_ending_is_told_from_a_guessed_one(write_rows, messages):
    by_ending = detect_layout(write_rows("rows.tsv", messages))
    guessed = detect_layout(write_rows("rows.txt", messages))
    assert (by_ending.format, by_ending.format_by_ending) == ("tsv", True)
    assert (guessed.format, guessed.format_by_ending) == ("tsv", False)


def test_columns_without_a_name_of_their_own_are_positions(write_rows, messages):
    rows = [("", "text", "label", "label"), *((n, *row, "x") for n, row in enumerate(messages))]
    layout = detect_layout(write_rows("rows.csv", rows), header=True)
    assert layout.columns == (0, "text", 2, 3)
    assert _values(layout, 0, 2)[5] == {"0": "5", "2": messages[5][1]}


def test_the_user_can_say_whether_there_is_a_header(write_rows, messages):
    path = write_rows("rows.tsv", [("text", "label"), *messages])
    layout = detect_layout(path, header=False)
    assert layout.columns == (0, 1)
    assert _values(layout, 1)[0] == {"1": "label"}


def test_a_first_row_of_another_width_is_no_header(write, messages):
    rows = "".join(f"{text}\t{label}\n" for text, label in messages)
    assert detect_layout(write("rows.tsv", "text\tlabel\tmore\n" + rows)).header is False


def test_a_first_row_that_cannot_be_read_is_no_header(write, messages):
    rows = "".join(f"{text}\t{label}\n" for text, label in messages)
    assert detect_layout(write("rows.tsv", b"caf\xe9\tlabel\n" + rows.encode())).header is False


def test_a_byte_order_mark_is_no_part_of_the_first_name(write, messages):
    rows = "".join(f"{text},{label}\n" for text, label in messages)
    assert detect_layout(write("rows.csv", "\ufefftext,label\n" + rows)).columns == (
        "text",
        "label",
    )


def test_lists_and_objects_of_json_are_no_columns(write):
    row = {"text": "good", "meta": {"id": 1}, "tags": ["a"], "label": None}
    layout = detect_layout(write("rows.jsonl", (json.dumps(row) + "\n") * 3))
    assert layout.columns == ("text", "meta", "tags", "label")
    assert layout.flat_columns() == ("text", "label")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.tsv", "text\tlabel\n", "has a header and no rows below it"),
        ("rows.jsonl", "{'text': 1}\n", "no row that can be read as jsonl"),
        ("rows.tsv", "\n\n", "has lines and no columns"),
        ("rows.tsv.gz", b"\x1f\x8b", None),
    ],
)
def test_files_without_rows_are_refused(write, name, content, message):
    with pytest.raises(UserError, match=message or "no whole gzip file|is a gzip file"):
        detect_layout(write(name, content))


def test_records_are_read_by_their_features(tmp_path):
    import tensorflow as tf

    def feature(text):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))

    path = tmp_path / "rows.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number in range(3):
            features = {"text": feature(b"good %d" % number), "label": feature(b"pos")}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    layout = detect_layout(path)
    assert (layout.format, layout.columns) == ("tfrecord", ("label", "text"))
    assert _values(layout, "text")[2] == {"text": "good 2"}


def test_parquet_is_read_by_its_columns(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["good", "bad"], "label": [1, 0], "tags": [["a"], []]}), path)
    layout = detect_layout(path)
    assert (layout.format, layout.flat_columns()) == ("parquet", ("text", "label"))
    assert _values(layout, "label")[1] == {"label": "0"}
