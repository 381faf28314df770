import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.repeats import (
    RECORD,
    find_conflicts,
    find_duplicates,
    find_leaks,
    find_repeats,
    pack_records,
    unpack_records,
)

TRAIN, EVAL, TEST = 0, 1, 2
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 2)), max_size=40)


def records(rows):
    """Makes records of (text, target, split), each at the next line of one file."""
    full = [(text, target, split, 0, at, at + 2) for at, (text, target, split) in enumerate(rows)]
    return unpack_records([np.array(full, RECORD).tobytes()])


def lines(found, mask):
    return sorted(found["line"][mask].tolist())


def test_packing_keeps_every_row():
    rows = [(text, 1, TRAIN, 0, text, text) for text in range(500)]
    packed = dict(pack_records(rows))
    assert len(packed) > 1
    unpacked = np.concatenate([unpack_records([part]) for part in packed.values()])
    assert sorted(unpacked["text"].tolist()) == list(range(500))


def test_nothing_packs_to_nothing():
    assert list(pack_records([])) == []


def test_rows_with_a_text_are_in_one_bucket():
    packed = list(
        pack_records([(12345, target, split, 0, 0, 0) for target in (1, 2) for split in (0, 1)])
    )
    assert len(packed) == 1


@given(ROWS)
def test_duplicates_are_the_rows_beyond_the_first_of_a_kind(rows):
    found = records(rows)
    expected = [at + 2 for at, row in enumerate(rows) if row in rows[:at]]
    assert lines(found, find_duplicates(found)) == expected


@given(ROWS)
def test_leaks_are_the_other_rows_with_a_text_of_train(rows):
    found = records(rows)
    train = {text for text, _, split in rows if split == TRAIN}
    expected = [at + 2 for at, (text, _, split) in enumerate(rows) if split and text in train]
    assert lines(found, find_leaks(found)) == expected


@given(ROWS)
def test_conflicts_are_the_texts_with_several_targets_in_a_split(rows):
    targets = {}
    for text, target, split in rows:
        targets.setdefault((text, split), set()).add(target)
    found = records(rows)
    assert int(find_conflicts(found).sum()) == sum(len(kinds) > 1 for kinds in targets.values())


def repeats(rows, **drop):
    options = {"drop_duplicates": False, "drop_leaks": False} | drop
    return find_repeats(records(rows), lambda _, line: f"a.tsv:{line}", **options)


def test_repeats_are_counted_by_split_and_named():
    counts, dropped = repeats(
        [(1, 1, TRAIN), (1, 1, TRAIN), (1, 1, EVAL), (2, 0, TEST), (2, 1, TEST)]
    )
    assert counts.duplicates == {"train": 1}
    assert counts.leaks == {"eval": 1}
    assert counts.conflicts == {"test": 1}
    assert [example.row for example in counts.examples["duplicates"]] == ["a.tsv:3"]
    (conflict,) = counts.examples["conflicts"]
    assert (conflict.row, conflict.text) == ("a.tsv:6", "a.tsv:5 has another label")
    assert dropped == []


def test_examples_are_the_first_rows_in_the_files():
    counts, _ = repeats([(text, 1, TRAIN) for text in (9, 8, 7, 6, 5)] * 2)
    assert [example.row for example in counts.examples["duplicates"]] == [
        "a.tsv:7",
        "a.tsv:8",
        "a.tsv:9",
    ]


@pytest.mark.parametrize(
    ("drop", "expected"),
    [
        ({"drop_duplicates": True}, {("train", 0): [1], ("eval", 0): [3]}),
        ({"drop_leaks": True}, {("eval", 0): [2, 3]}),
        ({"drop_duplicates": True, "drop_leaks": True}, {("train", 0): [1], ("eval", 0): [2, 3]}),
    ],
)
def test_what_is_dropped_is_given_shard_by_shard(drop, expected):
    rows = [(1, 1, TRAIN), (1, 1, TRAIN), (1, 1, EVAL), (1, 1, EVAL), (2, 1, EVAL)]
    _, dropped = repeats(rows, **drop)
    assert {(rows.split, rows.chunk): rows.positions.tolist() for rows in dropped} == expected
