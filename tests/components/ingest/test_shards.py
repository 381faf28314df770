import json

import pytest

from components.ingest.formats.base import reject
from components.ingest.shards import (
    RecordShard,
    RejectedRows,
    copy_without,
    read_records,
    rejected_row,
)


@pytest.fixture
def staging(tmp_path):
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def write_shard(path, staging, records):
    with RecordShard(str(path), str(staging)) as shard:
        return [shard.write(record) for record in records]


def test_records_are_read_back_in_their_order(tmp_path, staging):
    path = tmp_path / "Split-train" / "shard.gz"
    records = [b"%d" % number for number in range(600)]
    assert write_shard(path, staging, records) == list(range(600))
    assert list(read_records(str(path))) == records


def test_a_shard_without_records_can_be_read(tmp_path, staging):
    write_shard(tmp_path / "shard.gz", staging, [])
    assert list(read_records(str(tmp_path / "shard.gz"))) == []


def test_a_failed_attempt_leaves_no_file(tmp_path, staging):
    def records():
        yield b"x" * (1 << 20)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write_shard(tmp_path / "shard.gz", staging, records())
    assert list(tmp_path.iterdir()) == [staging]
    assert list(staging.iterdir()) == []


def test_a_second_attempt_replaces_the_first(tmp_path, staging):
    for record in (b"first", b"second"):
        write_shard(tmp_path / "shard.gz", staging, [record])
    assert list(read_records(str(tmp_path / "shard.gz"))) == [b"second"]


def test_a_copy_lacks_the_records_that_it_returns(tmp_path, staging):
    source, target = tmp_path / "source.gz", tmp_path / "target.gz"
    write_shard(source, staging, [b"a", b"b", b"c", b"d"])
    assert copy_without(str(source), str(target), str(staging), [1, 3]) == [b"b", b"d"]
    assert list(read_records(str(target))) == [b"a", b"c"]


def test_rejected_rows_are_lines_of_json(tmp_path, staging):
    path = tmp_path / "rejected.jsonl"
    with RejectedRows(str(path), str(staging)) as rows:
        rows.write("train", "a.tsv", reject(7, "nul", "no NUL", "é\n".encode()))
    assert json.loads(path.read_text("utf-8")) == {
        "split": "train",
        "file": "a.tsv",
        "line": 7,
        "reason": "nul",
        "message": "no NUL",
        "raw": "é",
    }


def test_bytes_that_are_no_text_are_escaped():
    assert (
        rejected_row("train", "a", reject(1, "invalid_utf8", "", b"caf\xe9"))["raw"] == "caf\\xe9"
    )


def test_a_long_row_is_cut_and_says_so():
    row = rejected_row("train", "a", reject(1, "line_too_long", "", b"x" * 20_000, 5_000_000))
    assert len(row["raw"]) == 10_000
    assert row["raw_cut"] == "the first 10000 of 5000000 bytes"
