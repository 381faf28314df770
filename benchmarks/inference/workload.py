"""What the sides of the inference benchmark share; standard library only.

A prepared folder holds `float32/` and `bfloat16/`, SavedModels of the same weights;
`transformers/`, a folder of that library with them; and `texts.json`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.worker import answer

TEXTS_FILE = "texts.json"
SAVED_MODELS = ("float32", "bfloat16")
TRANSFORMERS_FOLDER = "transformers"
LABELS = ("negative", "positive")
COMPARED_TEXTS = 16
"""Texts whose answers the sides must agree on."""

Ask = Callable[[Sequence[str], int], Sequence[float]]
"""Texts and the size of a batch to the probability of the second label of each."""


def read_texts(folder: Path) -> list[str]:
    """Returns the texts of a prepared folder."""
    return json.loads((folder / TEXTS_FILE).read_text("utf-8"))


def serve(folder: Path, ask: Ask, versions: str, *, ask_all: Ask | None = None) -> None:
    """Answers requests for a turn: so many rows in batches of one size.

    Args:
      folder: The prepared folder.
      ask: Of the side, in the order that the texts have.
      versions: What it runs on.
      ask_all: Of the side, in any order; None: `ask`, with texts sorted by length.
    """
    ask_all = ask_all or _sorted(ask)
    texts = read_texts(folder)

    def measure(batch_size: int, rows: int, whole: bool = False) -> dict[str, Any]:
        start = time.perf_counter()
        (ask_all if whole else ask)(texts[:rows], batch_size)
        seconds = time.perf_counter() - start
        return {"batch_size": batch_size, "milliseconds": 1e3 * seconds * batch_size / rows}

    answers = [float(value) for value in ask(texts[:COMPARED_TEXTS], COMPARED_TEXTS)]
    answer(measure, {"versions": versions, "answers": answers})


def _sorted(ask: Ask) -> Ask:
    """Returns `ask` for texts that are put in the order of their lengths first."""
    return lambda texts, batch_size: ask(sorted(texts, key=len), batch_size)
