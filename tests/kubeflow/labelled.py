"""Rows for a classifier."""

import random


def rows(number: int, *, seed: int, flipped: bool = False) -> str:
    """Returns labelled lines whose label one word tells."""
    shuffled = random.Random(seed)
    told = {"praise": "splendid", "complaint": "dreadful"}
    other = {"praise": "complaint", "complaint": "praise"}
    lines = ["text\tlabel"]
    for index in range(number):
        label = ("praise", "complaint")[index % 2]
        words = [
            *shuffled.choices(["the", "lamp", "chat", "parcel", "was", "on", "a", "monday"], k=5),
            told[label],
        ]
        shuffled.shuffle(words)
        lines.append(f"{' '.join(words)} {index}\t{other[label] if flipped else label}")
    return "\n".join(lines) + "\n"
