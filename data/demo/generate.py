"""Writes the demo data set, train.tsv and eval.tsv: short messages to a shop's help desk.

    python data/demo/generate.py [--output-dir DIR]

Needs nothing but Python. Seed and amounts are part of the data set: the same code gives the same
bytes. README.md beside this file explains the constructions.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grammar import CONSTRUCTIONS, Sentence

SEED = 2024
EVAL_RATIO = 0.15
HEADER = ("message", "label", "topic")
HANDWRITTEN = "handwritten"

PAIRS: dict[str, int] = {
    "plain": 1500,
    "request": 400,
    "negation": 650,
    "contrast": 800,
    "roles": 300,
}
"""How many minimal pairs, or single sentences, each construction gives."""

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Message:
    """One row, with what the files do not say about it.

    Attributes:
      text: The message.
      label: praise, complaint or request.
      topic: What it is about.
      construction: What decides its label, or "handwritten".
      pair: Number that the messages of one minimal pair share; negative for hand-written ones.
    """

    text: str
    label: str
    topic: str
    construction: str
    pair: int


def generate_splits(seed: int = SEED) -> tuple[list[Message], list[Message]]:
    """Makes the data set.

    Args:
      seed: Seed of all random choices.

    Returns:
      The train and the eval messages, shuffled. The messages of a minimal pair are in the same
      split, and no text occurs twice.
    """
    rng = random.Random(seed)
    train: list[Message] = []
    eval_: list[Message] = []
    for messages in (*read_handwritten(), *_generated(rng)):
        (eval_ if rng.random() < EVAL_RATIO else train).extend(messages)
    rng.shuffle(train)
    rng.shuffle(eval_)
    return train, eval_


def read_handwritten(path: Path = _HERE / "handwritten.tsv") -> list[list[Message]]:
    """Reads the hand-written messages; those with the same pair number belong together."""
    pairs: dict[int, list[Message]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            number = -int(row["pair"])
            message = Message(row["message"], row["label"], row["topic"], HANDWRITTEN, number)
            pairs.setdefault(number, []).append(message)
    return list(pairs.values())


def write_split(messages: Sequence[Message], path: Path) -> None:
    """Writes messages as tab-separated values with a header; no field is ever quoted."""
    rows = [HEADER, *((message.text, message.label, message.topic) for message in messages)]
    path.write_bytes("".join("\t".join(row) + "\n" for row in rows).encode())


def _generated(rng: random.Random) -> Iterator[list[Message]]:
    """Yields the messages pair by pair, none with a text that was there before."""
    seen: set[str] = set()
    number = 0
    for construction, count in PAIRS.items():
        for sentences in _distinct(CONSTRUCTIONS[construction], count, seen, rng):
            number += 1
            yield [Message(*sentence, construction, number) for sentence in sentences]


def _distinct(
    make: Callable[[random.Random], list[Sentence]], count: int, seen: set[str], rng: random.Random
) -> Iterator[list[Sentence]]:
    """Yields `count` results of `make` without a repeated text.

    Raises:
      RuntimeError: If the construction has too few sentences.
    """
    for _ in range(count * 50):
        if not count:
            return
        sentences = make(rng)
        texts = {sentence.text for sentence in sentences}
        if len(texts) == len(sentences) and seen.isdisjoint(texts):
            seen |= texts
            count -= 1
            yield sentences
    if count:
        raise RuntimeError(f"{make.__name__} has too few sentences: {count} more are wanted")


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes both files."""
    parser = argparse.ArgumentParser(description="Write the demo data set.")
    parser.add_argument("--output-dir", type=Path, default=_HERE, help="default: %(default)s")
    folder = parser.parse_args(arguments).output_dir
    for split, messages in zip(("train", "eval"), generate_splits(), strict=True):
        write_split(messages, folder / f"{split}.tsv")


if __name__ == "__main__":
    main()
