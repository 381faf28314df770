import random
import shutil

import pytest

from components.ingest.sources import Sources
from models.tasks.classification import Classification
from schemas.errors import UserError

ROWS = "text\tlabel\na\t1\nb\t0\n"


def test_files_are_found_split_by_split_with_their_columns(write, resolve, tmp_path):
    write("train-2.tsv", ROWS)
    write("train-1.tsv.gz", ROWS)
    dev = write("dev.csv", "label,text\n1,a\n")
    sources = resolve(train=str(tmp_path / "train-*"), eval=dev)
    assert [(file.split, file.name, file.format, file.gzipped) for file in sources.files] == [
        ("train", "train-1.tsv.gz", "tsv", True),
        ("train", "train-2.tsv", "tsv", False),
        ("eval", "dev.csv", "csv", False),
    ]
    assert sources.files[2].columns == {"label": 0, "text": 1}


def test_how_lines_are_read_goes_with_the_file(write, resolve):
    (file,) = resolve(train=write("a.tsv", ROWS), passage_length=None, comment_prefix="# ").files
    assert (file.passage_length, file.comment_prefix) == (None, "# ")


def test_sources_survive_json(write, resolve):
    sources = resolve(train=write("a.tsv", ROWS))
    assert Sources.model_validate_json(sources.model_dump_json()) == sources


def test_the_fingerprint_does_not_depend_on_the_folder(write, resolve, tmp_path):
    first = resolve(train=write("one/a.tsv", ROWS))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert resolve(train=str(tmp_path / "two/a.tsv")).fingerprint == first.fingerprint


@pytest.mark.parametrize(("name", "content"), [("a.tsv", ROWS + "c\t1\n"), ("b.tsv", ROWS)])
def test_the_fingerprint_depends_on_content_and_name(write, resolve, name, content):
    first = resolve(train=write("one/a.tsv", ROWS))
    assert resolve(train=write(f"two/{name}", content)).fingerprint != first.fingerprint


def test_each_split_has_its_own_fingerprint(write, resolve):
    train, dev = write("a.tsv", ROWS), write("b.tsv", ROWS)
    before = resolve(train=train, eval=dev).fingerprints
    write("b.tsv", ROWS + "c\t1\n")
    after = resolve(train=train, eval=dev).fingerprints
    assert before["train"] == after["train"]
    assert before["eval"] != after["eval"]


def test_the_span_is_the_same_for_every_split(write, resolve, tmp_path):
    for span in (1, 2):
        write(f"{span}/train.tsv", ROWS)
    write("1/dev.tsv", ROWS)
    sources = resolve(
        train=str(tmp_path / "{SPAN}/train.tsv"), eval=str(tmp_path / "{SPAN}/dev.tsv")
    )
    assert sources.span == 1
    assert all("/1/" in file.path for file in sources.files)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "", "a.tsv is empty; give a file with rows"),
        ("a.tsv.gz", "", "a.tsv.gz has no rows"),
        ("a.tsv", "text\tlabel\n", "has no rows below its header"),
        ("a.tsv", "\n\n", "has no rows"),
        ("a.txt", ROWS, "ending of .*a.txt is none of .tsv, .csv, .jsonl.*set ingest.format"),
        ("a.tsv", "a film\t1\nb\t0\n", "no column 'text' for text.*header: false"),
        ("a.tsv", ROWS.encode("utf-16"), "no text file but UTF-16 text; convert it"),
        ("a.tsv", ROWS.encode("utf-16-le"), "no text file but binary"),
        ("a.csv", b"PK\x03\x04" + bytes(100), "no text file but a ZIP or Excel file"),
        ("a.jsonl", b"PAR1" + bytes(100), "a Parquet file"),
        ("a.tsv", random.Random(0).randbytes(5000), "no text file but binary"),
    ],
)
def test_files_that_cannot_be_used_are_refused(write, resolve, name, content, message):
    with pytest.raises(UserError, match=message):
        resolve(train=write(name, content))


def test_a_gzip_file_without_its_ending_is_refused(write, resolve, tmp_path):
    shutil.move(write("a.tsv.gz", ROWS), tmp_path / "a.tsv")
    with pytest.raises(UserError, match=r"a gzip file without the ending .gz"):
        resolve(train=str(tmp_path / "a.tsv"))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("none.tsv", "ingest.train: there is no file .*none.tsv; check the path"),
        ("none-*.tsv", "ingest.train: no file matches .*none-"),
        ("", r"is a folder; give a file, or a glob such as .*\*.tsv"),
    ],
)
def test_files_that_are_not_there_are_refused(resolve, tmp_path, pattern, message):
    with pytest.raises(UserError, match=message):
        resolve(train=f"{tmp_path}/{pattern}")


def test_the_format_of_the_config_comes_before_the_ending(write, resolve):
    (file,) = resolve(train=write("a.txt", ROWS), format="tsv").files
    assert file.format == "tsv"


def test_a_format_that_the_task_does_not_read_is_refused(write, resolve, monkeypatch):
    monkeypatch.setattr(Classification, "formats", ("csv", "tsv"))
    with pytest.raises(UserError, match=r"task classification reads: csv, tsv; received jsonl"):
        resolve(train=write("a.jsonl", '{"text": "a", "label": "1"}'), format="jsonl")


def test_files_of_the_same_name_are_told_apart_by_their_folder(write, resolve, tmp_path):
    write("1/a.tsv", ROWS)
    write("2/a.tsv", ROWS)
    names = [file.name for file in resolve(train=str(tmp_path / "*/a.tsv")).files]
    assert names == ["1/a.tsv", "2/a.tsv"]


def test_a_window_of_spans_is_trained_on(write, resolve, tmp_path):
    for span in (1, 2, 3):
        write(f"{span}/train.tsv", ROWS)
        write(f"{span}/dev.tsv", ROWS)
    sources = resolve(
        train=str(tmp_path / "{SPAN}/train.tsv"), eval=str(tmp_path / "{SPAN}/dev.tsv"), window=2
    )
    assert (sources.span, sources.spans) == (3, (2, 3))
    assert [file.name for file in sources.files] == ["2/train.tsv", "3/train.tsv", "dev.tsv"]
