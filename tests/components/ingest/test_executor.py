import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import RefusedError, UserError
from schemas.progress import listening


def tsv(rows, end="\n"):
    return end.join(["text\tlabel", *(f"{text}\t{label}" for text, label in rows)]) + end


GOOD = [(f"a film {number}", number % 2) for number in range(40)]


def test_rows_of_separate_files_keep_their_split_and_order(write, ingest):
    done = ingest(
        train=write("train.tsv", tsv(GOOD)),
        eval=write("dev.tsv", tsv([("x", 0), ("y", 1)])),
        test=write("test.tsv", tsv([("z", 1)])),
    )
    assert done.texts("train") == [text for text, _ in GOOD]
    assert done.texts("eval") == ["x", "y"]
    assert done.texts("test") == ["z"]
    assert done.examples["eval"][1] == {
        "text": b"y",
        "label": b"1",
        "label_id": 1,
        "length_bucket": b"1-8",
        "row_id": b"dev.tsv:3",
    }


def test_the_artifact_says_what_tfx_reads_from_it(write, ingest, tmp_path):
    write("3/train.tsv", tsv(GOOD))
    artifact = ingest(train=str(tmp_path / "{SPAN}/train.tsv")).artifact
    assert json.loads(artifact.split_names) == ["train", "eval"]
    assert artifact.span == 3
    assert artifact.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    assert artifact.get_string_custom_property("file_format") == "tfrecords_gzip"


def test_shards_are_named_as_tfx_names_them_and_nothing_else_is_left(write, ingest):
    done = ingest(train=write("a.tsv", tsv(GOOD)))
    assert [Path(path).name for path in done.shards["train"]] == ["data_tfrecord-00000-of-00001.gz"]
    assert sorted(path.name for path in Path(done.artifact.uri).iterdir()) == [
        "Split-eval",
        "Split-train",
    ]


def test_a_split_by_hash_never_parts_equal_texts(write, ingest):
    rows = [(f"text {number % 50}", number % 2) for number in range(400)]
    random.Random(1).shuffle(rows)
    done = ingest(train=write("a.tsv", tsv(rows)), eval_fraction=0.3)
    train, held_out = set(done.texts("train")), set(done.texts("eval"))
    assert train
    assert held_out
    assert not train & held_out
    assert done.summary.num_leaks == 0


def test_the_same_rows_give_the_same_files(write, ingest):
    path = write("a.tsv", tsv(GOOD))
    first, second = ingest(train=path), ingest(train=path)
    for split in ("train", "eval"):
        assert [Path(shard).read_bytes() for shard in first.shards[split]] == [
            Path(shard).read_bytes() for shard in second.shards[split]
        ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", tsv(GOOD)),
        ("a.tsv", "\ufeff" + tsv(GOOD, "\r\n")),
        ("a.tsv.gz", tsv(GOOD)),
        ("a.csv", "label,text\n" + "".join(f'{label},"{text}"\n' for text, label in GOOD)),
        ("a.csv.gz", "text,label\r\n" + "".join(f"{text},{label}\r\n" for text, label in GOOD)),
        ("a.jsonl", "".join(json.dumps({"text": t, "label": n}) + "\n" for t, n in GOOD)),
        ("a.jsonl.gz", "".join(json.dumps({"text": t, "label": n}) + "\n\n" for t, n in GOOD)),
    ],
)
def test_every_format_gives_the_same_examples(write, ingest, name, content):
    done = ingest(train=write(name, content), eval=write("dev.tsv", tsv([("x", 0)])))
    assert [(e["text"].decode(), int(e["label"])) for e in done.examples["train"]] == GOOD


def test_a_quoted_newline_is_part_of_the_text(write, ingest):
    content = 'text,label\n"two\nlines, ""quoted""",1\nx,0\n'
    done = ingest(train=write("a.csv", content), eval=write("dev.tsv", tsv([("x", 0)])))
    assert done.texts("train") == ['two\nlines, "quoted"', "x"]
    assert done.examples["train"][1]["row_id"] == b"a.csv:4"


BAD_ROWS = {
    "column_count": b"only one column\n",
    "invalid_utf8": b"caf\xe9\t1\n",
    "nul": b"a\0b\t1\n",
    "empty_text": b"  \t1\n",
    "unknown_label": b"a film\t2\n",
    "too_long": b"x" * 10_001 + b"\t1\n",
    "line_too_long": b"x" * (2 << 20) + b"\t1\n",
}


def test_every_kind_of_malformed_row_is_quarantined(write, ingest):
    content = tsv(GOOD).encode() + b"".join(BAD_ROWS.values()) + b"last\t1\n"
    done = ingest(train=write("a.tsv", content), max_rejected_ratio=0.5)
    assert done.summary.rejected == dict.fromkeys(sorted(BAD_ROWS), 1)
    assert [(row["reason"], row["line"]) for row in done.rejected] == [
        (reason, line) for line, reason in enumerate(BAD_ROWS, len(GOOD) + 2)
    ]
    assert done.rejected[0] == {
        "split": "train",
        "file": "a.tsv",
        "line": 42,
        "reason": "column_count",
        "message": "a row must have 2 columns; received 1",
        "raw": "only one column",
    }
    assert all(len(row["raw"]) <= 10_000 for row in done.rejected)
    assert done.rejected[-1]["raw_cut"] == f"the first 10000 of {(2 << 20) + 3} bytes"
    assert "last" in {*done.texts("train"), *done.texts("eval")}


def test_every_row_is_in_the_examples_or_in_the_quarantine(write, ingest):
    content = tsv(GOOD).encode() + b"".join(BAD_ROWS.values())
    done = ingest(train=write("a.tsv", content), max_rejected_ratio=0.5)
    accepted = sum(len(examples) for examples in done.examples.values())
    assert accepted + len(done.rejected) == done.summary.num_rows == len(GOOD) + len(BAD_ROWS)


def test_too_many_rejections_stop_the_run_and_the_quarantine_is_kept(write, ingest, tmp_path):
    path = write("a.tsv", tsv(GOOD) + "bad row\nx\t7\n")
    with pytest.raises(RefusedError) as raised:
        ingest(train=path)
    message = str(raised.value)
    assert "2 of 42 rows were rejected (4.8%)" in message
    assert "unknown_label: 1 rows" in message
    assert "a.tsv:43: the label must be one of 0, 1; received '7': 'x\\t7'" in message
    kept = Path(message.rpartition("every rejected row: ")[2])
    assert kept == tmp_path / "Ingest/refused/1/rejected.jsonl"
    assert len(kept.read_text().splitlines()) == 2
    assert json.loads((kept.parent / "summary.json").read_text())["num_rejected"] == 2


def test_labels_outside_the_declared_set_stop_the_run(write, ingest):
    rows = [(text, "positive" if label else "negative") for text, label in GOOD]
    with pytest.raises(RefusedError, match="must be one of 0, 1; received 'negative'"):
        ingest(train=write("a.tsv", tsv(rows)))


def test_one_label_only_stops_the_run(write, ingest):
    rows = [(f"text {number}", 1) for number in range(40)]
    with pytest.raises(UserError, match="received one label only: 1"):
        ingest(train=write("a.tsv", tsv(rows)))


def test_a_gzip_file_that_breaks_off_later_stops_the_run(write, ingest):
    source = random.Random(0)
    rows = [(source.randbytes(4000).hex(), number % 2) for number in range(400)]
    path = Path(write("a.tsv.gz", tsv(rows)))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UserError, match=r"the input cannot be used:\n.*a.tsv.gz is no whole gzip"):
        ingest(train=str(path))


REPEATS = [*GOOD, GOOD[0], GOOD[1], ("a film 0", 1)]
LEAKY = [("x", 0), ("a film 3", 1), ("A FILM  3", 1)]


def test_repeats_are_counted_and_kept_by_default(write, ingest):
    done = ingest(train=write("a.tsv", tsv(REPEATS)), eval=write("dev.tsv", tsv(LEAKY)))
    summary = done.summary
    assert summary.duplicates == {"train": 2, "eval": 1}
    assert summary.conflicts == {"train": 1, "eval": 0}
    assert summary.leaks == {"eval": 2}
    assert summary.examples["leaks"] == ("dev.tsv:3", "dev.tsv:4")
    assert summary.accepted == {"train": 43, "eval": 3}
    assert summary.examples["conflicts"] == ("a.tsv:44: a.tsv:2 has another label",)
    assert len(summary.warnings) == 4


def test_repeats_are_dropped_where_the_config_says_so(write, ingest):
    done = ingest(
        train=write("a.tsv", tsv(REPEATS)),
        eval=write("dev.tsv", tsv(LEAKY)),
        duplicates="drop",
        leaks="drop",
    )
    assert done.texts("train") == [*(text for text, _ in GOOD), "a film 0"]
    assert done.texts("eval") == ["x"]
    assert done.summary.accepted == {"train": 41, "eval": 1}
    assert done.summary.labels == {"train": {"0": 20, "1": 21}, "eval": {"0": 1, "1": 0}}
    assert done.summary.num_dropped == 4


@pytest.mark.parametrize("name", ["duplicates", "leaks"])
def test_repeats_stop_the_run_where_the_config_says_so(write, ingest, name):
    train, held_out = write("a.tsv", tsv(REPEATS)), write("dev.tsv", tsv(LEAKY))
    with pytest.raises(RefusedError, match=f"and ingest.{name} is refuse"):
        ingest(train=train, eval=held_out, **{name: "refuse"})


def test_other_columns_become_features_to_slice_by(write, ingest):
    content = "text\tlabel\tsource\n" + "".join(f"{t}\t{n}\tmail\n" for t, n in GOOD)
    done = ingest(train=write("a.tsv", content), columns={"channel": "source"})
    assert {example["channel"] for example in done.examples["train"]} == {b"mail"}


def test_a_column_named_as_a_made_feature_stops_the_run(write, ingest):
    content = "text\tlabel\tsource\n" + "".join(f"{t}\t{n}\tmail\n" for t, n in GOOD)
    with pytest.raises(UserError, match=r"columns must not .*received \['row_id'\]"):
        ingest(train=write("a.tsv", content), columns={"row_id": "source"})


def test_progress_is_reported_in_bytes(write, ingest):
    path = write("a.tsv", tsv(GOOD))
    heard = []
    with listening(heard.append):
        ingest(train=path)
    assert (heard[-1].work, heard[-1].done, heard[-1].total) == (
        "ingest",
        Path(path).stat().st_size,
        Path(path).stat().st_size,
    )


TEXT = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"]), min_size=1, max_size=40)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=2, max_size=20, unique=True))
def test_rows_survive_the_round_trip(write, ingest, texts):
    rows = [{"text": text, "label": str(at % 2)} for at, text in enumerate(texts)]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    done = ingest(train=write("a.jsonl", content), eval=write("dev.jsonl", content))
    for split in ("train", "eval"):
        assert [
            {"text": example["text"].decode(), "label": example["label"].decode()}
            for example in done.examples[split]
        ] == rows


def test_questions_of_an_article_go_to_one_side(write, ingest):
    articles = [
        {
            "title": f"article {number}",
            "paragraphs": [
                {
                    "context": f"In {number} {part} it rained.",
                    "qas": [{"id": f"{number}.{part}", "question": "When?", "answers": []}],
                }
                for part in range(5)
            ],
        }
        for number in range(20)
    ]
    path = write("a.json", json.dumps({"data": articles}))
    task = {"name": "question_answering"}
    options = {"train": path, "eval_fraction": 0.5}

    def articles_of(done, split):
        ids = [example["row_id"].decode() for example in done.examples[split]]
        return {name.removeprefix("a.json:").split(".")[0] for name in ids}

    by_context = ingest(task=task, **options)
    assert articles_of(by_context, "train") & articles_of(by_context, "eval")
    by_article = ingest(task=task, **options, group_by="title")
    assert articles_of(by_article, "train")
    assert articles_of(by_article, "eval")
    assert not articles_of(by_article, "train") & articles_of(by_article, "eval")
