import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.ingest.chunks import plan_chunks
from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.parquet import Parquet
from schemas.errors import UserError


@pytest.fixture
def write_table(tmp_path):
    def write(name="a.parquet", row_group_size=None, **columns):
        path = str(tmp_path / name)
        pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
        return path

    return write


def source(path, **columns):
    return SourceFile(
        split="train",
        path=path,
        name="a.parquet",
        format="parquet",
        num_bytes=Path(path).stat().st_size,
        columns=columns,
    )


def read(path, **columns):
    return list(Parquet().read(Chunk(0, source(path, **columns))))


def test_rows_are_numbered_from_one(write_table):
    path = write_table(t=["é", "b"], l=[1, 0], other=[0.5, 0.5])
    rows = read(path, text="t", label="l")
    assert [(row.line, row.values) for row in rows] == [
        (1, {"text": "é", "label": "1"}),
        (2, {"text": "b", "label": "0"}),
    ]
    assert rows[0].raw == '{"text": "é", "label": "1"}'.encode()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([3.8], pa.float32()), "3.8"),
        (pa.array([True]), "true"),
        (pa.array([7], pa.uint8()), "7"),
        (pa.array(["x"]).dictionary_encode(), "x"),
        (pa.array(["x"], pa.large_string()), "x"),
        (pa.array([b"x"]), "x"),
        (pa.array([datetime.date(2020, 1, 2)]), "2020-01-02"),
        (pa.array([datetime.timedelta(days=1)]), "1 day, 0:00:00"),
        (pa.array([["a", None, "b"]]), ["a", "b"]),
        (pa.array([{"type": "PER", "start": 3, "sure": True}]), None),
    ],
    ids=str,
)
def test_values_become_text(write_table, values, expected):
    (row,) = read(write_table(v=values), value="v")
    assert row.values["value"] == expected or row.values["value"] == {
        "type": "PER",
        "start": "3",
        "sure": "true",
    }


def test_null_is_left_out(write_table):
    (row,) = read(write_table(t=["a"], l=pa.array([None], pa.string())), text="t", label="l")
    assert row.values == {"text": "a"}


@pytest.mark.parametrize(
    "texts",
    [
        pa.array([b"caf\xe9", b"b"]).cast(pa.string(), safe=False),
        pa.array([b"caf\xe9", b"b"]),
        pa.array([[b"caf\xe9"], [b"b"]]),
    ],
    ids=["string", "binary", "list"],
)
def test_a_text_that_is_not_utf8_is_rejected_and_the_next_is_read(write_table, texts):
    rejection, row = read(write_table(l=["1", "0"], t=texts), label="l", text="t")
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason) == (1, "invalid_utf8")
    assert rejection.raw == b'{"label": "1"}'
    assert row.line == 2


def test_the_layout_names_the_columns(write_table):
    path = write_table(t=["a", "b"], l=[1, 0])
    assert Parquet().inspect(path, gzipped=False, header=True) == (("t", "l"), None, 2)


def test_column_names_must_differ(tmp_path):
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 2, names=["t", "t"]), path)
    with pytest.raises(UserError, match=r"must differ; received \['t'\] more than once"):
        Parquet().inspect(path, gzipped=False, header=True)


@pytest.mark.parametrize("content", ["text\tlabel\n", "PAR1 and nothing of it", ""])
def test_another_file_is_refused(write, content):
    with pytest.raises(UserError, match="is damaged or no Parquet file"):
        Parquet().inspect(write("a.parquet", content), gzipped=False, header=True)


def test_a_gzip_file_is_refused(write):
    with pytest.raises(UserError, match="must not be gzip; unpack it"):
        Parquet().inspect(write("a.parquet.gz", ""), gzipped=True, header=True)


def test_a_damaged_page_is_a_damaged_file(write_table):
    path = Path(write_table(t=[f"text {number}" for number in range(5000)]))
    content = bytearray(path.read_bytes())
    content[100:1000] = b"\xff" * 900
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        read(str(path), text="t")


def test_row_groups_are_read_independently(write_table):
    path = write_table(t=[f"text {number}" for number in range(1000)], row_group_size=90)
    file = source(path, text="t")
    (whole,) = plan_chunks([file], 10**9)
    chunks = plan_chunks([file], file.num_bytes // 4)
    assert len(chunks) in (3, 4, 5)
    assert chunks[-1].done_bytes == file.num_bytes
    parquet = Parquet()
    assert [row for chunk in chunks for row in parquet.read(chunk)] == list(parquet.read(whole))


def test_whole_ingest(write_table, ingest):
    texts = [f"text {number}" for number in range(40)]
    path = write_table(text=texts, label=[number % 2 for number in range(40)], row_group_size=7)
    done = ingest(train=path, eval_fraction=0.3)
    assert sorted(done.texts("train") + done.texts("eval")) == sorted(texts)
    assert done.examples["train"][0]["row_id"].startswith(b"a.parquet:")


TASKS = {
    "classification": (
        {"name": "classification", "labels": ["0", "1"]},
        {},
        {"text": "A fine film .", "label": 1},
        {"label_id": 1},
        {"text": "A dull film .", "label": 0},
    ),
    "multilabel": (
        {"name": "multilabel", "labels": ["joy", "anger", "fear"]},
        {},
        {"text": "A fine film .", "label": [0, 1, 0]},
        {"label": b"anger"},
        {"text": "A dull film .", "label": [1, 0, 1]},
    ),
    "regression": (
        {"name": "regression", "pair": True},
        {},
        {"text": "A fine film .", "text_pair": "It is .", "score": 3.5},
        {"text_pair": b"It is .", "score": 3.5},
    ),
    "multiple_choice": (  # as the hub has RACE
        {"name": "multiple_choice"},
        {"passage": "article", "level": "example_id"},
        {
            "example_id": "high132.txt",
            "article": "Ann has a hat .",
            "answer": "B",
            "question": "Who ?",
            "options": ["Bob", "Ann"],
        },
        {"label_id": 1, "level": b"high"},
    ),
    "tags": (  # as the hub has CoNLL 2003
        {"name": "tagging", "types": ["PER", "LOC"], "tags": ["O", "B-PER", "I-PER", "B-LOC"]},
        {"words": "tokens", "tags": "ner_tags"},
        {"id": "0", "tokens": ["Ann", "in", "Rome"], "ner_tags": [1, 0, 3]},
        {"text": b"Ann in Rome", "entities": b"0:3:PER 7:11:LOC"},
    ),
    "spans": (
        {"name": "tagging", "types": ["PER"]},
        {"entities": "spans"},
        {"text": "Ann left .", "spans": [{"start": 0, "end": 3, "label": "PER"}]},
        {"entities": b"0:3:PER"},
    ),
    "question_answering": (  # as the hub has SQuAD
        {"name": "question_answering"},
        {},
        {
            "id": "5733",
            "title": "Hats",
            "context": "Ann has a hat .",
            "question": "Who ?",
            "answers": {"text": ["Ann"], "answer_start": [0]},
        },
        {"answer_start": 0, "answer_end": 3},
    ),
    "pretraining": (
        {"name": "pretraining"},
        {},
        {"text": "Ann has a hat . Bob has none ."},
        {"document": b"Ann has a hat .\nBob has none ."},
    ),
}


@pytest.mark.parametrize("case", TASKS.values(), ids=TASKS)
def test_each_task_reads_its_rows(ingest, tmp_path, case):
    task, columns, row, features, *others = case
    path = str(tmp_path / "rows.parquet")
    pq.write_table(pa.Table.from_pylist([row, *others]), path)
    done = ingest(task=task, train=path, eval=path, columns=columns)
    example = done.examples["train"][0]
    assert {name: example[name] for name in features} == features
    assert example["row_id"] == b"rows.parquet:1"
