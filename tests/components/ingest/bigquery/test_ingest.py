"""Whole ingests of queries: Beam's own source against both APIs, over HTTP and gRPC."""

import datetime
import decimal
from pathlib import Path

import pytest

from components.ingest.bigquery.transform import read_from_bigquery
from components.ingest.config import IngestConfig
from schemas.errors import RefusedError
from tests.components.ingest.bigquery.conftest import BIGQUERY, DEV, GOOD, QUERY
from tests.components.ingest.bigquery.tables import Column, Table, texts
from tests.components.remote.buckets import Buckets


def test_rows_of_a_query_are_examples_like_those_of_a_file(bigquery, ask):
    done = ask(texts(GOOD))
    assert sorted(done.texts("train")) == sorted(text for text, _ in GOOD)
    assert sorted(done.texts("eval")) == ["x", "y"]
    example = next(item for item in done.examples["train"] if item["text"] == b"a film 7")
    assert {**example, "row_id": b""} == {
        "text": b"a film 7",
        "label": b"1",
        "label_id": 1,
        "length_bucket": b"1-8",
        "row_id": b"",
    }
    assert example["row_id"].startswith(b"train-query:")
    assert len({item["row_id"] for item in done.examples["train"]}) == 40


def test_a_query_is_run_once_and_leaves_nothing_behind(bigquery, ask):
    ask(texts(GOOD))
    assert (bigquery.api.runs(QUERY), bigquery.api.runs(DEV)) == (1, 1)
    assert bigquery.api.datasets == {}
    assert set(bigquery.api.tables) == {"d.reviews", "d.dev"}
    (asked,) = {
        job["configuration"]["query"]["priority"]
        for job in bigquery.api.asked
        if "priority" in job["configuration"]["query"]
    }
    assert asked == "INTERACTIVE"


def test_the_same_rows_from_other_streams_give_the_same_files(bigquery, ask):
    first = ask(texts([*GOOD, GOOD[0]]))
    bigquery.storage.num_streams, bigquery.storage.first_stream = 4, 2
    second = ask(texts([GOOD[0], *reversed(GOOD)]))
    for split in ("train", "eval"):
        contents = [
            [Path(path).read_bytes() for path in done.shards[split]] for done in (first, second)
        ]
        assert contents[0] == contents[1]


def test_a_query_is_split_as_a_file_of_the_same_rows_is(bigquery, write, ingest):
    bigquery.api.add(QUERY, texts(GOOD), "d.reviews")
    content = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in GOOD)
    asked = ingest(train={"query": QUERY}, bigquery=BIGQUERY, eval_fraction=0.3)
    read = ingest(train=write("a.tsv", content), eval_fraction=0.3)
    for split in ("train", "eval"):
        assert sorted(asked.texts(split)) == sorted(read.texts(split)) != []


def test_a_query_and_files_stand_side_by_side(bigquery, write, ingest):
    bigquery.api.add(QUERY, texts(GOOD), "d.reviews")
    dev = write("dev.tsv", "text\tlabel\nx\t0\na film 3\t1\n")
    done = ingest(train={"query": QUERY}, eval=dev, bigquery=BIGQUERY)
    assert done.texts("eval") == ["x", "a film 3"]
    assert done.summary.leaks == {"eval": 1}
    assert done.summary.examples["leaks"] == ("dev.tsv:3",)


BAD = [
    {"text": None, "label": "1"},
    {"text": "no label", "label": None},
    {"text": "  ", "label": "1"},
    {"text": "a film", "label": "2"},
    {"text": "x" * 10_001, "label": "1"},
    {"text": "a\0b", "label": "1"},
]


def test_unusable_rows_are_quarantined_under_their_ids(ask):
    table = texts(GOOD)
    table.columns = [*table.columns, Column("id", "INTEGER")]
    table.rows += BAD
    table.rows = [{**row, "id": 100 + at} for at, row in enumerate(table.rows)]
    done = ask(
        table,
        held_out=Table(table.columns, [{"text": "x", "label": "0", "id": 1}]),
        bigquery={**BIGQUERY, "id_column": "id"},
        max_rejected_ratio=0.5,
    )
    found = {row["id"]: (row["file"], row["reason"]) for row in done.rejected}
    assert found == {
        "140": ("train-query", "missing_column"),
        "141": ("train-query", "missing_column"),
        "142": ("train-query", "empty_text"),
        "143": ("train-query", "unknown_label"),
        "144": ("train-query", "too_long"),
        "145": ("train-query", "nul"),
    }
    assert done.summary.examples["unknown_label"] == (
        "train-query:143: the label must be one of 0, 1; received '2': "
        '\'{"id": 143, "label": "2", "text": "a film"}\'',
    )
    ids = {item["row_id"] for item in done.examples["train"]}
    assert ids == {f"train-query:{number}".encode() for number in range(100, 140)}


def test_bytes_that_are_no_text_are_quarantined(ask):
    rows = [{"text": text.encode(), "label": label} for text, label in GOOD]
    rows.append({"text": b"caf\xe9", "label": "1"})
    table = Table([Column("text", "BYTES"), Column("label")], rows)
    done = ask(table, max_rejected_ratio=0.5)
    assert done.summary.rejected == {"invalid_utf8": 1}
    assert len(done.examples["train"]) == 40


def test_a_struct_in_the_place_of_a_text_is_quarantined(ask):
    columns = [Column("text", columns=[Column("body")]), Column("label")]
    table = Table(columns, [{"text": {"body": "a"}, "label": "1"}])
    with pytest.raises(RefusedError, match="text must be one value; received 1"):
        ask(table)


def test_repeats_are_named_by_their_ids(ask):
    table = texts([*GOOD, GOOD[0], ("a film 1", "0")])
    table.columns = [*table.columns, Column("id")]
    table.rows = [{**row, "id": f"r-{at}"} for at, row in enumerate(table.rows)]
    done = ask(
        table,
        held_out=Table(table.columns, [{"text": "A film 2", "label": "0", "id": "dev-1"}]),
        bigquery={**BIGQUERY, "id_column": "id"},
        duplicates="drop",
    )
    assert done.summary.duplicates == {"train": 1, "eval": 0}
    assert done.summary.examples["duplicates"][0] in ("train-query:r-0", "train-query:r-40")
    assert done.summary.examples["leaks"] == ("eval-query:dev-1",)
    (conflict,) = done.summary.examples["conflicts"]
    assert {"train-query:r-1", "train-query:r-41"} <= set(conflict.replace(": ", " ").split())
    assert len(done.examples["train"]) == 41


def test_a_row_that_is_there_twice_has_two_ids(ask):
    done = ask(texts([GOOD[0], GOOD[0], GOOD[1]]))
    ids = sorted(item["row_id"].decode() for item in done.examples["train"])
    assert len(set(ids)) == 3
    assert sum(name.endswith(".1") for name in ids) == 1


def test_values_become_the_text_that_bigquery_writes(bigquery, ask):
    columns = [
        Column("text"),
        Column("label", "INTEGER"),
        Column("price", "NUMERIC"),
        Column("day", "DATE"),
        Column("at", "TIMESTAMP"),
        Column("seen", "DATETIME"),
        Column("new", "BOOLEAN"),
        Column("score", "FLOAT"),
    ]
    moment = datetime.datetime(2026, 11, 24, 5, 30, tzinfo=datetime.timezone.utc)
    rows = [
        {
            "text": text,
            "label": int(label),
            "price": decimal.Decimal("1.5"),
            "day": moment.date(),
            "at": moment,
            "seen": "2026-11-24T05:30:00",
            "new": True,
            "score": 0.1,
        }
        for text, label in GOOD
    ]
    roles = {role: role for role in ("price", "day", "at", "seen", "new", "score")}
    done = ask(Table(columns, rows), held_out=Table(columns, rows[:1]), columns=roles)
    example = done.examples["train"][0]
    assert {role: example[role] for role in roles} == {
        "price": b"1.5",
        "day": b"2026-11-24",
        "at": b"2026-11-24 05:30:00+00:00",
        "seen": b"2026-11-24T05:30:00",
        "new": b"true",
        "score": b"0.1",
    }


def test_lists_and_structs_reach_the_tasks_that_take_them(bigquery, ingest):
    words = [["Ada", "lives", "here"], ["in", "Bern", "now"]]
    tags = [["B-PER", "O", "O"], ["O", "B-LOC", "O"]]
    rows = [{"words": w, "tags": t} for w, t in zip(words, tags, strict=True)]
    columns = [Column("words", "STRING[]"), Column("tags", "STRING[]")]
    bigquery.api.add(QUERY, Table(columns, rows), "d.reviews")
    bigquery.api.add(DEV, Table(columns, rows[:1]), "d.dev")
    done = ingest(
        task={"name": "tagging", "types": ["PER", "LOC"]},
        train={"query": QUERY},
        eval={"query": DEV},
        bigquery=BIGQUERY,
    )
    assert done.summary.accepted == {"train": 2, "eval": 1}


def test_answers_and_options_reach_their_tasks(bigquery, ingest):
    answers = Column("answers", "RECORD[]", [Column("text"), Column("answer_start", "INTEGER")])
    columns = [Column("question"), Column("context"), answers]
    row = {
        "question": "Who lives here?",
        "context": "Ada lives here.",
        "answers": [{"text": "Ada", "answer_start": 0}],
    }
    bigquery.api.add(QUERY, Table(columns, [row]), "d.reviews")
    done = ingest(
        task={"name": "question_answering"},
        train={"query": QUERY},
        eval={"query": QUERY},
        bigquery=BIGQUERY,
    )
    assert done.summary.accepted == {"train": 1, "eval": 1}


def test_an_export_comes_through_files(bigquery, ask, monkeypatch):
    """The folder is one in memory: what stands for Cloud Storage is Beam's file system, not GCS."""
    monkeypatch.setattr(Buckets, "names", {"tmp"})
    monkeypatch.setattr(Buckets, "objects", {})
    bigquery.api.put_file = Buckets.put
    settings = IngestConfig(
        train="a", bigquery={**BIGQUERY, "method": "export", "temp_location": "gs://tmp"}
    ).bigquery
    settings = settings.model_copy(update={"temp_location": "bucket://tmp/exports"})
    monkeypatch.setattr(
        "components.ingest.bigquery.transform.read_from_bigquery",
        lambda text, _: read_from_bigquery(text, settings),
    )
    done = ask(texts(GOOD))
    assert sorted(done.texts("train")) == sorted(text for text, _ in GOOD)
    assert bigquery.storage.sessions == []
    assert Buckets.objects == {}


def test_a_dataset_of_ones_own_is_used_and_kept(bigquery, ask):
    bigquery.api.datasets["scratch"] = {
        "datasetReference": {"projectId": "paying", "datasetId": "scratch"}
    }
    ask(texts(GOOD), bigquery={**BIGQUERY, "temp_dataset": "scratch", "priority": "batch"})
    assert list(bigquery.api.datasets) == ["scratch"]
    assert set(bigquery.api.tables) == {"d.reviews", "d.dev"}
    assert all("/scratch/" in item.read_session.table for item in bigquery.storage.sessions)
