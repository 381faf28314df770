"""Files of rows in, one file of answers out, by a tiny model that is loaded as it is served."""

import gzip
import json

import pytest

from components.inference import answering
from components.inference.run import infer
from components.ingest.config import IngestConfig
from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from schemas.errors import UserError
from schemas.model_info import ModelInfo
from schemas.progress import listening
from serving.predict import predict
from tests.models import tiny_training

CONFIG = IngestConfig(train="unused.tsv", columns={"text": "sentence", "label": "mark"})
ROWS = tiny_training.texts(40)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    vocabulary = train_vocabulary([text for text, _ in ROWS], VocabularyConfig(size=120))
    folder = tmp_path_factory.mktemp("served") / "1"
    info = ModelInfo(
        name="m", task="classification", labels=("bad", "good", "mixed"), max_length=24
    )
    tiny_training.export(tiny_training.build(vocabulary), folder, info)
    return folder


@pytest.fixture
def ask(model_dir, tmp_path):
    """Returns a function that answers a file and gives the lines, the rejected ones, the counts."""

    def answered(source, *, config=CONFIG, output=tmp_path / "answers.jsonl", **options):
        counts = infer(
            str(source), output, config, tiny_training.TASK, model_dir=model_dir, **options
        )
        rejected = output.with_name("answers.jsonl.rejected.jsonl")
        return (
            *(
                [json.loads(line) for line in path.read_text("utf-8").splitlines()]
                if path.exists()
                else []
                for path in (output, rejected)
            ),
            counts,
        )

    return answered


def write_tsv(path, texts, header="sentence"):
    path.write_text("\n".join([header, *texts]) + "\n", "utf-8")
    return path


def test_answers_are_those_of_the_served_model_in_the_order_of_the_rows(ask, model_dir, tmp_path):
    texts = [text for text, _ in ROWS]
    source = write_tsv(tmp_path / "rows.tsv", texts)
    answers, rejected, counts = ask(source, batch_size=4)
    assert [answer.pop("id") for answer in answers] == [f"rows.tsv:{n}" for n in range(2, 42)]
    expected = list(predict(model_dir, texts, batch_size=1))
    for answer, wanted in zip(answers, expected, strict=True):
        assert answer.keys() == wanted.keys()
        assert (answer["label"], answer["labels"]) == (wanted["label"], wanted["labels"])
        assert answer["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-5)
    assert rejected == []
    assert counts.accepted.total() == 40


def test_labels_are_not_looked_at(ask, tmp_path):
    source = write_tsv(tmp_path / "rows.tsv", ["a film\tno label"], header="sentence\tmark")
    answers, rejected, _ = ask(source)
    assert len(answers) == 1
    assert rejected == []


def test_bad_rows_are_named_with_file_line_and_reason(ask, tmp_path):
    source = tmp_path / "rows.jsonl"
    source.write_text(
        '{"sentence": "fine"}\n{"sentence": " "}\nnot json\n{"other": "x"}\n{"sentence": "dull"}\n',
        "utf-8",
    )
    answers, rejected, counts = ask(source)
    assert [answer["id"] for answer in answers] == ["rows.jsonl:1", "rows.jsonl:5"]
    assert [(row["file"], row["line"], row["reason"]) for row in rejected] == [
        ("rows.jsonl", 2, "empty_text"),
        ("rows.jsonl", 3, "invalid_json"),
        ("rows.jsonl", 4, "missing_column"),
    ]
    assert counts.rejected.total() == 3
    assert {row["split"] for row in rejected} == {"input"}


def test_where_no_row_is_rejected_there_is_no_file_of_them(ask, tmp_path):
    ask(write_tsv(tmp_path / "rows.tsv", ["fine", " "]))
    assert (tmp_path / "answers.jsonl.rejected.jsonl").exists()
    ask(write_tsv(tmp_path / "rows.tsv", ["fine", "dull"]))
    assert not (tmp_path / "answers.jsonl.rejected.jsonl").exists()


def test_several_files_and_pools_become_one(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(answering, "POOL_BATCHES", 2)
    for name in ("a", "b"):
        write_tsv(tmp_path / f"{name}.tsv", [text for text, _ in ROWS[:7]])
    answers, _, _ = ask(tmp_path / "*.tsv", batch_size=2)
    assert [answer["id"] for answer in answers] == [
        f"{name}.tsv:{line}" for name in ("a", "b") for line in range(2, 9)
    ]


def test_batches_are_of_like_lengths(ask, tmp_path, monkeypatch):
    lengths = []
    run = answering.LoadedModel.run

    def recorded(self, inputs, *arguments):
        lengths.append([len(example) for example in inputs["examples"]])
        return run(self, inputs, *arguments)

    monkeypatch.setattr(answering.LoadedModel, "run", recorded)
    ask(write_tsv(tmp_path / "rows.tsv", [text for text, _ in ROWS]), batch_size=8)
    flat = [length for batch in lengths for length in batch]
    assert flat == sorted(flat)
    assert [len(batch) for batch in lengths] == [8] * 5


def test_progress_is_told(ask, tmp_path):
    told = []
    with listening(told.append):
        ask(write_tsv(tmp_path / "rows.tsv", [text for text, _ in ROWS]), batch_size=10)
    assert [progress.done for progress in told] == [10, 20, 30, 40]
    assert all(progress.figures["rows/s"] > 0 for progress in told)


def test_file_that_breaks_off_leaves_what_was_there(ask, tmp_path):
    whole = tmp_path / "whole.tsv"
    write_tsv(whole, ["a film"] * 2000)

    (tmp_path / "cut.tsv.gz").write_bytes(gzip.compress(whole.read_bytes())[:-20])
    output = tmp_path / "out" / "answers.jsonl"
    output.parent.mkdir()
    output.write_text("before", "utf-8")
    with pytest.raises(UserError, match="no whole gzip file"):
        ask(tmp_path / "cut.tsv.gz", output=output)
    assert output.read_text("utf-8") == "before"
    assert [path.name for path in output.parent.iterdir()] == ["answers.jsonl"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("none.tsv", None, "input: there is no file"),
        ("rows.tsv", "other\nx\n", "there is no column 'sentence' for text"),
        ("rows.xyz", "x\n", "the ending of .* is none of"),
    ],
)
def test_input_that_cannot_be_read(ask, tmp_path, name, content, problem):
    if content is not None:
        (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(UserError, match=problem):
        ask(tmp_path / name)
    assert not (tmp_path / "answers.jsonl").exists()


def test_output_must_be_a_file(ask, tmp_path):
    with pytest.raises(UserError, match="the output must be a file"):
        ask(write_tsv(tmp_path / "rows.tsv", ["a"]), output=tmp_path)
