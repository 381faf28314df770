import json

import pytest

from components.ingest.config import IngestConfig
from components.ingest.encode import RowEncoder
from components.ingest.formats import json_stream
from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.squad import Squad
from models.tasks import create_task
from schemas.errors import UserError

CONTEXT = "The Normans gave their name to Normandy."
ROLES = ("question", "context", "answers", "is_impossible")
TASK = create_task({"name": "question_answering"})


def question(text="Who?", answers=(("The Normans", 0),), **fields):
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"question": text, "id": f"id-{text}", "answers": found, **fields}


def squad(*questions, context=CONTEXT):
    paragraphs = [{"context": context, "qas": list(questions)}]
    return json.dumps({"version": "v2.0", "data": [{"title": "Normans", "paragraphs": paragraphs}]})


def source(path, columns=ROLES, gzipped=False):
    return SourceFile(
        split="train",
        path=path,
        name="dev.json",
        format="squad",
        columns={role: role for role in columns},
        gzipped=gzipped,
    )


def read(path, **options):
    return list(Squad().read(Chunk(0, source(path, **options))))


def encode(path):
    encoder = RowEncoder(source(path), IngestConfig(train=path), TASK)
    return [row if isinstance(row, Rejection) else encoder.encode(row) for row in read(path)]


def test_a_question_is_a_row_with_its_context(write):
    (first, second) = read(
        write("a.json", squad(question(), question("When?", is_impossible=True)))
    )
    assert first.values == {
        "question": "Who?",
        "context": CONTEXT,
        "answers": [{"text": "The Normans", "answer_start": "0"}],
    }
    assert (first.line, first.id, second.line, second.id) == (1, "id-Who?", 2, "id-When?")
    assert second.values["is_impossible"] == "true"


def test_the_title_is_a_column_to_slice_by(write):
    (row,) = read(write("a.json", squad(question())), columns=("question", "title"))
    assert row.values == {"question": "Who?", "title": "Normans"}


def test_the_layout_names_the_columns(write):
    layout = Squad().inspect(write("a.json", squad(question())), gzipped=False, header=True)
    assert set(ROLES) <= set(layout.names)
    assert (layout.width, layout.num_rows) == (None, 1)


def test_reads_gzip_and_a_byte_order_mark(write):
    (row,) = read(write("a.json.gz", "\ufeff" + squad(question())), gzipped=True)
    assert row.values["question"] == "Who?"


def test_reads_on_in_small_steps_wherever_they_end(write, monkeypatch):
    monkeypatch.setattr(json_stream, "_READ_AT_ONCE", 3)
    texts = [f"Who is {number}, \u05e9\u05dc\u05d5\u05dd?" for number in range(20)]
    content = json.dumps(json.loads(squad(*map(question, texts))), ensure_ascii=False)
    assert [row.values["question"] for row in read(write("a.json", content))] == texts


def test_what_stands_around_the_articles_is_passed_over(write):
    content = json.dumps({"version": 1.5, "licence": [{"a": "]"}], **json.loads(squad(question()))})
    assert len(read(write("a.json", content + "\n"))) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", r"received '\[' where '\{' must be; check ingest.format"),
        ('{"question": "Who?"}\n{"question": "Why?"}', "received one without it"),
        (squad(question())[:-30], "received what cannot be read"),
        ('{"data": 5}', r"received '5' where '\[' must be"),
        ('{"data": [1 2]}', r"received '2' where '\]' must be"),
    ],
)
def test_what_is_no_squad_file_is_refused(write, content, message):
    with pytest.raises(UserError, match=message):
        Squad().inspect(write("a.json", content), gzipped=False, header=True)


def test_invalid_utf8_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(squad(question()).encode().replace(b"Who", b"W\xffo", 1))
    with pytest.raises(UserError, match="save it as UTF-8"):
        read(str(path))


@pytest.mark.parametrize(
    ("row", "context", "reason"),
    [
        (question(answers=[("Normans", 5)]), CONTEXT, "answer_offset"),
        (question(answers=[("Normandy.", 99)]), CONTEXT, "answer_offset"),
        (question(answers=[(" ", 3)]), CONTEXT, "invalid_answer"),
        (question(answers=[("The", -1)]), CONTEXT, "invalid_answer"),
        (question(answers=[("The", None)]), CONTEXT, "invalid_answer"),
        (question(answers=[("The", 0)], is_impossible=True), CONTEXT, "invalid_answer"),
        (question() | {"answers": ["The"]}, CONTEXT, "invalid_answer"),
        (question(answers=[]), " \n", "empty_context"),
        (question(answers=[]), None, "missing_column"),
        (question(" "), CONTEXT, "no_question"),
        ({"id": "x", "answers": []}, CONTEXT, "missing_column"),
        ("text", CONTEXT, "missing_column"),
        ({"question": "Who?", "id": "x"}, CONTEXT, "missing_column"),
        (question("W\ud800?"), CONTEXT, "invalid_utf8"),
    ],
)
def test_a_bad_question_goes_to_the_quarantine_and_the_next_is_read(write, row, context, reason):
    content = json.loads(squad(row, context=context))
    content["data"] += json.loads(squad(question("When?")))["data"]
    rejection, accepted = encode(write("a.json", json.dumps(content)))
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason) == (1, reason)
    assert accepted.line == 2
    assert b"dev.json:id-When?" in accepted.example
