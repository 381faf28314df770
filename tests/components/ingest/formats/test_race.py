import json

import pytest

from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.race import Race

COLUMNS = {name: name for name in ("passage", "question", "options", "answer", "level")}
ARTICLE = {
    "article": "Ann has a red hat.\nBob has none.",
    "questions": ["Who has a hat?", "The hat is _ ."],
    "options": [["Ann", "Bob", "Cid", "Dan"], ["red", "blue", "old", "new"]],
    "answers": ["A", "A"],
    "id": "high1.txt",
}


def read(path, gzipped=False, columns=COLUMNS):
    file = SourceFile(
        split="train", path=path, name="1.txt", format="race", columns=columns, gzipped=gzipped
    )
    return list(Race().read(Chunk(0, file)))


def test_each_question_is_a_row(write):
    first, second = read(write("1.txt", json.dumps(ARTICLE)))
    assert (first.line, second.line) == (1, 2)
    assert second.values == {
        "passage": ARTICLE["article"],
        "question": "The hat is _ .",
        "options": ["red", "blue", "old", "new"],
        "answer": "A",
        "level": "high",
    }
    assert json.loads(second.raw)["id"] == "high1.txt"


@pytest.mark.parametrize("name", ["all.txt", "all.txt.gz"])
def test_several_articles_in_a_file(name, write):
    articles = [ARTICLE, ARTICLE | {"id": "middle7.txt"}]
    content = "\n".join(map(json.dumps, articles)) + "\n\n"
    rows = read(write(name, content), gzipped=name.endswith(".gz"))
    assert [row.line for row in rows] == [1, 2, 3, 4]
    assert [row.values["level"] for row in rows] == ["high", "high", "middle", "middle"]


def test_article_over_several_lines(write):
    assert len(read(write("1.txt", json.dumps(ARTICLE, indent=1)))) == 2


@pytest.mark.parametrize(
    ("path", "level"), [("RACE/train/middle/1.txt", "middle"), ("other/1.txt", None)]
)
def test_level_of_the_folder(path, level, write):
    article = {name: value for name, value in ARTICLE.items() if name != "id"}
    rows = read(write(path, json.dumps(article)))
    assert {row.values.get("level") for row in rows} == {level}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"article": None}, "must have a text `article`"),
        ({"answers": "AB"}, "must have the lists questions, options, answers"),
        ({"answers": ["A"]}, "received 2 questions, 2 options, 1 answers"),
        ({"options": [["Ann", 1], ["a", "b"]]}, "must be texts; received something else"),
        ({"options": ["Ann", "Bob"]}, "must be texts; received something else"),
        ({"article": "half \ud800 a pair"}, "must have a text `article`"),
    ],
)
def test_articles_that_are_none(change, message, write):
    rows = read(write("a.txt", json.dumps(ARTICLE | change) + "\n" + json.dumps(ARTICLE)))
    assert isinstance(rows[0], Rejection)
    assert (rows[0].line, rows[0].reason) == (1, "invalid_article")
    assert message in rows[0].message
    assert [row.line for row in rows[1:]] == [2, 3]


def test_answers_are_needed_only_where_they_are_asked_for(write):
    path = write("1.txt", json.dumps({key: ARTICLE[key] for key in ARTICLE if key != "answers"}))
    (rejection,) = read(path)
    assert rejection.reason == "invalid_article"
    asked = {role: name for role, name in COLUMNS.items() if role != "answer"}
    assert [row.values["options"][0] for row in read(path, columns=asked)] == ["Ann", "red"]


@pytest.mark.parametrize("line", ["{", "[1]", "no json"])
def test_lines_that_are_no_article(line, write):
    rows = read(write("a.txt", json.dumps(ARTICLE) + "\n" + line))
    assert [isinstance(row, Rejection) for row in rows] == [False, False, True]


def test_questions_become_examples_and_bad_ones_are_kept_with_their_number(ingest, write):
    options = [["Ann", "Bob"], ["red"], ["red", "red"], ["red", "blue"]]
    article = ARTICLE | {
        "questions": ["Who?", "One?", "Same?", "Which?"],
        "options": options,
        "answers": ["B", "A", "A", "C"],
    }
    done = ingest(
        task={"name": "multiple_choice"},
        train=write("RACE/train/high/1.txt", json.dumps(article)),
        eval=write("RACE/dev/high/2.txt", json.dumps(ARTICLE)),
        max_rejected_ratio=0.9,
    )
    (example,) = done.examples["train"]
    assert (example["question"], example["label_id"]) == (b"Who?", 1)
    assert example["row_id"].endswith(b"1.txt:1")
    assert dict(done.summary.rejected) == {
        "too_few_options": 1,
        "repeated_option": 1,
        "answer_out_of_range": 1,
    }
    assert [row["line"] for row in done.rejected] == [2, 3, 4]


def test_json_lines_with_an_index(ingest, write):
    rows = [
        {"passage": "p", "question": "q", "options": ["a", "b", "c"], "answer": answer}
        for answer in (2, "A")
    ]
    path = write("train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = ingest(task={"name": "multiple_choice"}, train=path, eval=path)
    assert [example["label_id"] for example in done.examples["train"]] == [2, 0]
