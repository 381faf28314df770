"""`albert-tfx infer` for each task: files of its own format in, what a request is answered out."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from models.candidate import Candidate
from models.config import VocabularyConfig
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from models.vocabulary import train_vocabulary
from pipeline.cli import app
from schemas.model_info import ModelInfo
from serving.predict import predict
from serving.readable import readable
from tests.models import tiny_training

SENTENCES = [
    "Anna and Bob saw the film in Rome.",
    "Who saw it? Nobody, and rightly so: it was long and dull.",
    "A fine film, funny and warm, of which Bob said [MASK] in Rome.",
]
CONTEXT = "Anna saw the film in Rome. " * 6


@dataclass(frozen=True)
class Case:
    """Files of a task, and what a client asks instead.

    Attributes:
      task: The task section.
      files: Content by name.
      asked: What is asked of a served model, by the id of the row.
      rejected: File, id or line, and reason of each row that cannot be asked.
      ingest: Further keys of the ingest section.
    """

    task: dict[str, Any]
    files: dict[str, str | bytes]
    asked: dict[str, Any]
    rejected: list[tuple[str, int | str, str]]
    ingest: dict[str, Any] = field(default_factory=dict)


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet(*rows):
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), stream)
    return stream.getvalue()


def squad(*questions):
    qas = [{"id": name, "question": text, "answers": []} for name, text in questions]
    paragraphs = [{"context": CONTEXT, "qas": qas}, {"context": " ", "qas": qas[:1]}]
    return json.dumps({"version": "v2.0", "data": [{"title": "film", "paragraphs": paragraphs}]})


def choice(question, *options):
    return {"passage": CONTEXT, "question": question, "options": list(options)}


TEXT, OTHER = "A fine film .", "Nobody saw it in Rome ."
CASES = {
    "tagging": Case(
        {"name": "tagging", "types": ["person", "place"]},
        {
            "rows.conll": "Anna B-what\nleft O\n\nRome\n\nA O\nfine O\nfilm O\n. O\n",
            "rows.jsonl": lines(
                {"text": OTHER, "entities": "none"},
                {"words": ["Anna", "left"]},
                {"tags": ["O"]},
            ),
            "rows.parquet": parquet({"words": ["Bob", "left"], "tags": [7]}),
        },
        {
            "rows.conll:1": "Anna left",
            "rows.conll:6": TEXT,
            "rows.jsonl:1": OTHER,
            "rows.jsonl:2": "Anna left",
            "rows.parquet:1": "Bob left",
        },
        [("rows.conll", 4, "column_count"), ("rows.jsonl", 3, "empty_text")],
    ),
    "question_answering": Case(
        {"name": "question_answering", "stride": 16, "unanswerable": False},
        {"rows.json": squad(("q1", "Who saw it?"), ("q2", "Where?"))},
        {
            "rows.json:q1": {"question": "Who saw it?", "context": CONTEXT},
            "rows.json:q2": {"question": "Where?", "context": CONTEXT},
        },
        [("rows.json", "q1", "empty_context")],
    ),
    "multiple_choice": Case(
        {"name": "multiple_choice", "max_qa_length": 16},
        {
            "rows.jsonl": lines(
                {**choice("Who saw it?", "Anna", "Bob"), "answer": "Z"},
                choice("Where?", "Rome", "long", "dull", "nobody"),
                choice("Why?", "so"),
            ),
            "rows.parquet": parquet(choice("Who left?", "Anna", "Bob", "Cid")),
            "rows.txt": lines(
                {"article": TEXT, "questions": ["Who?", "Why?"], "options": [["Anna", "Bob"]] * 2},
                {"article": OTHER, "questions": ["Who?"], "options": []},
            ),
        },
        {
            "rows.jsonl:1": choice("Who saw it?", "Anna", "Bob"),
            "rows.jsonl:2": choice("Where?", "Rome", "long", "dull", "nobody"),
            "rows.parquet:1": choice("Who left?", "Anna", "Bob", "Cid"),
            "rows.txt:1": {"passage": TEXT, "question": "Who?", "options": ["Anna", "Bob"]},
            "rows.txt:2": {"passage": TEXT, "question": "Why?", "options": ["Anna", "Bob"]},
        },
        [("rows.jsonl", 3, "too_few_options"), ("rows.txt", 3, "invalid_article")],
    ),
    "regression": Case(
        {"name": "regression", "pair": True, "highest": 5.0},
        {"rows.tsv": f"first\tother\tscore\n{TEXT}\t{OTHER}\t9\n{OTHER}\t \t1\n"},
        {"rows.tsv:2": {"text": TEXT, "text_pair": OTHER}},
        [("rows.tsv", 3, "empty_text")],
        {"columns": {"text": "first", "text_pair": "other", "score": "score"}},
    ),
    "multilabel": Case(
        {"name": "multilabel", "labels": ["fine", "dull", "long"]},
        {
            "rows.csv": f'text\n"{TEXT}"\n" "\n',
            "rows.parquet": parquet({"text": OTHER, "label": ["what"]}, {"text": None}),
        },
        {"rows.csv:2": TEXT, "rows.parquet:1": OTHER},
        [("rows.csv", 3, "empty_text"), ("rows.parquet", 2, "missing_column")],
    ),
    "pretraining": Case(
        {"name": "pretraining", "top_k": 2},
        {
            "rows.tsv": f"text\na [MASK] film in [MASK]\n{TEXT}\n \n",
            "rows.txt": f"{TEXT}\nAnna and [MASK]. [MASK] saw it.\n\n[MASK]\n",
        },
        {
            "rows.tsv:2": "a [MASK] film in [MASK]",
            "rows.tsv:3": TEXT,
            "rows.txt:1": TEXT,
            "rows.txt:2": "Anna and [MASK]. [MASK] saw it.",
            "rows.txt:4": "[MASK]",
        },
        [("rows.tsv", 4, "empty_text")],
    ),
}


@pytest.fixture(scope="module")
def vocabulary():
    return train_vocabulary(SENTENCES, VocabularyConfig(size=100))


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


def approximately(expected):
    """Returns a value whose numbers may differ by what another batch makes of them."""
    if isinstance(expected, dict):
        return {name: approximately(value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [approximately(value) for value in expected]
    return pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else expected


def test_rows_are_answered_as_requests_are(case, vocabulary, tmp_path):
    task, tokenizer = create_task(case.task), AlbertTokenizer(vocabulary)
    model = tiny_training.MODEL.model_copy(update={"max_length": 40})
    candidate = Candidate.build(task, model, tokenizer, seed=1, precision="float32")
    model_dir = tmp_path / "runs" / "serving" / "1"
    info = ModelInfo(name="m", task=task.name, labels=task.labels, max_length=model.max_length)
    tiny_training.export(candidate, model_dir, info)
    config = {
        "name": "rows",
        "output": str(tmp_path / "runs"),
        "task": case.task,
        "ingest": {"train": f"unused{next(iter(case.files))}", **case.ingest},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    for name, content in case.files.items():
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    output = tmp_path / "answers.jsonl"
    done = CliRunner().invoke(
        app,
        ["infer", str(tmp_path / "config.yaml"), str(tmp_path / "rows.*"), str(output)],
        catch_exceptions=False,
    )
    assert f"{len(case.asked):,} rows answered by version 1" in done.output
    answers = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert [answer.pop("id") for answer in answers] == list(case.asked)
    expected = predict(model_dir, case.asked.values(), batch_size=1)
    assert answers == [approximately(readable(answer)) for answer in expected]
    rejected = output.with_name(f"{output.name}.rejected.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in rejected]
    found = [(row["file"], row.get("id", row["line"]), row["reason"]) for row in rows]
    assert found == case.rejected
