"""Which of the given files is for training, which for choosing weights, which for judging."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas import features as keys
from schemas.errors import UserError

_NAMES: Mapping[str, str] = {
    "train": keys.TRAIN,
    "training": keys.TRAIN,
    "trn": keys.TRAIN,
    "dev": keys.EVAL,
    "devel": keys.EVAL,
    "development": keys.EVAL,
    "eval": keys.EVAL,
    "evaluation": keys.EVAL,
    "val": keys.EVAL,
    "valid": keys.EVAL,
    "validation": keys.EVAL,
    "test": keys.TEST,
    "testing": keys.TEST,
    "tst": keys.TEST,
}
_ORDER = (keys.TRAIN, keys.EVAL, keys.TEST)


def assign_splits(files: Sequence[Path]) -> dict[str, Path]:
    """Gives each file a split: by its name, else by its folder's, else the larger first.

    Args:
      files: One to three files that exist.

    Returns:
      File by split, train first.

    Raises:
      UserError: If there are more than three files, one twice, or two for one split.
    """
    if len(files) > len(_ORDER):
        raise UserError(
            f"init takes one to three files (train, dev, test); received {len(files)}. Give one "
            "file of each "
            "kind, and write a glob such as ingest.train: data/train-*.tsv into the config "
            "afterwards"
        )
    if len({path.resolve() for path in files}) < len(files):
        shown = ", ".join(str(path) for path in files)
        raise UserError(f"each file must be given once; received {shown}")
    if len(files) == 1:
        return {keys.TRAIN: files[0]}
    named = {path: split_named_by(path) for path in files}
    _check_one_file_a_split(named)
    free = [split for split in _ORDER if split not in named.values()]
    unnamed = sorted(
        (path for path in files if named[path] is None), key=lambda path: -path.stat().st_size
    )
    found = {split: path for path, split in named.items() if split is not None}
    found.update(zip(free, unnamed, strict=False))
    if keys.TRAIN not in found:
        shown = ", ".join(f"{path} ({split})" for split, path in found.items())
        raise UserError(
            f"one of the files must be for training; received {shown}. Name it train, such as "
            "train.tsv"
        )
    return {split: found[split] for split in _ORDER if split in found}


def split_named_by(path: Path) -> str | None:
    """Returns the split that a path names: by the last word of the file that does, else its folder.

    >>> split_named_by(Path("reviews-dev.tsv.gz"))
    'eval'
    >>> split_named_by(Path("valid/part.csv"))
    'eval'
    >>> split_named_by(Path("contest.csv")) is None
    True
    """
    words = re.split(r"[^a-z]+", path.name.lower())
    found = [_NAMES[word] for word in words if word in _NAMES]
    return found[-1] if found else _NAMES.get(path.parent.name.lower())


def _check_one_file_a_split(named: Mapping[Path, str | None]) -> None:
    for split in _ORDER:
        paths = [str(path) for path, found in named.items() if found == split]
        if len(paths) > 1:
            raise UserError(
                f"each split takes one file; by their names {' and '.join(paths)} are both for "
                f"{split}. Give one of "
                f"them, and write a glob into ingest.{split} of the config afterwards"
            )
