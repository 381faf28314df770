from pathlib import Path

import pytest

from pipeline.init.splits import assign_splits, split_named_by
from schemas.errors import UserError


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.tsv", "train"),
        ("Training-set.csv", "train"),
        ("reviews_dev.tsv.gz", "eval"),
        ("validation.jsonl", "eval"),
        ("sst2.test.tsv", "test"),
        ("test/part.csv", "test"),
        ("train/dev.csv", "eval"),
        ("contest.csv", None),
        ("test-results/constrain.csv", None),
        ("test_suite_train.csv", "train"),
    ],
)
def test_a_split_is_read_from_whole_words_of_the_name(name, split):
    assert split_named_by(Path(name)) == split


def _files(folder: Path, **sizes: int) -> list[Path]:
    paths = [folder / f"{name}.tsv" for name in sizes]
    for path, size in zip(paths, sizes.values(), strict=True):
        path.write_bytes(b"x" * size)
    return paths


def _stems(splits: dict[str, Path]) -> dict[str, str]:
    return {split: path.stem for split, path in splits.items()}


@pytest.mark.parametrize(
    ("sizes", "splits"),
    [
        ({"test": 5}, {"train": "test"}),
        ({"dev": 9, "train": 5}, {"train": "train", "eval": "dev"}),
        ({"test": 9, "train": 5}, {"train": "train", "test": "test"}),
        ({"a": 5, "b": 9}, {"train": "b", "eval": "a"}),
        ({"a": 5, "b": 9, "c": 1}, {"train": "b", "eval": "a", "test": "c"}),
        ({"a": 5, "valid": 9}, {"train": "a", "eval": "valid"}),
        ({"a": 5, "b": 9, "test": 1}, {"train": "b", "eval": "a", "test": "test"}),
    ],
)
def test_files_get_splits_by_name_and_then_by_size(tmp_path, sizes, splits):
    assert _stems(assign_splits(_files(tmp_path, **sizes))) == splits


def test_train_comes_first(tmp_path):
    assert next(iter(assign_splits(_files(tmp_path, dev=1, train=1)))) == "train"


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"a": 1, "b": 1, "c": 1, "d": 1}, r"one to three files .* received 4\. .*glob"),
        ({"train-1": 1, "train-2": 1}, r"both for train.*glob into ingest\.train"),
        ({"dev": 1, "test": 1}, r"must be for training; received .*Name it train"),
    ],
)
def test_files_that_cannot_be_told_apart_are_refused(tmp_path, sizes, message):
    with pytest.raises(UserError, match=message):
        assign_splits(_files(tmp_path, **sizes))


def test_a_file_given_twice_is_refused(tmp_path):
    (path,) = _files(tmp_path, train=1)
    with pytest.raises(UserError, match="must be given once"):
        assign_splits([path, path.parent / "." / path.name])
