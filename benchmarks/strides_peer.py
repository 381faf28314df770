"""Features as run_qa.py of transformers makes them; run by `benchmarks.strides`."""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from transformers import AlbertTokenizer


def main() -> None:
    """Measures one case and prints it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("squad", type=Path)
    parser.add_argument("--vocabulary", type=Path, required=True)
    parser.add_argument("--case", required=True)
    options = parser.parse_args()
    ours = _load_ours()
    rows = list(ours.read_rows(options.squad, distinct=options.case != ours.CASES[0]))
    pieces = json.loads(options.vocabulary.with_suffix(".json").read_text("utf-8"))
    tokenizer = AlbertTokenizer(vocab=[(piece, score) for piece, score in pieces])
    if not tokenizer.is_fast:
        raise RuntimeError("the fast tokenizer needs transformers 5 with tokenizers")
    batches = [rows[at : at + ours.BATCH_SIZE] for at in range(0, len(rows), ours.BATCH_SIZE)]

    def one_pass() -> int:
        return sum(
            len(features(tokenizer, batch, ours.MAX_LENGTH, ours.STRIDE)["input_ids"])
            for batch in batches
        )

    windows, seconds = one_pass(), []
    for _ in range(3):
        start = time.perf_counter()
        one_pass()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"questions": len(rows), "windows": windows, "seconds": min(seconds)}))  # noqa: T201


def _load_ours() -> ModuleType:
    """Loads the module beside this one by its path: its package is not installed here."""
    path = Path(__file__).with_name("strides.py")
    spec = importlib.util.spec_from_file_location("strides", path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def features(
    tokenizer: Any, rows: Sequence[tuple[str, str, int, int]], max_length: int, stride: int
) -> Any:
    """Returns windows with the first and last token of their answers, 0 where there is none."""
    questions, contexts, starts, ends = zip(*rows, strict=True)
    encoded = tokenizer(
        list(questions),
        list(contexts),
        truncation="only_second",
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    sample = encoded.pop("overflow_to_sample_mapping")
    offsets = encoded.pop("offset_mapping")
    positions = []
    for window, spans in enumerate(offsets):
        start, end = starts[sample[window]], ends[sample[window]]
        sequence = encoded.sequence_ids(window)
        first = sequence.index(1) if 1 in sequence else 0
        last = len(sequence) - 1 - sequence[::-1].index(1) if first else 0
        if start < 0 or not (spans[first][0] <= start and spans[last][1] >= end):
            positions.append((0, 0))
            continue
        while first < len(spans) and spans[first][0] <= start:
            first += 1
        while spans[last][1] >= end:
            last -= 1
        positions.append((first - 1, last + 1))
    encoded["start_positions"], encoded["end_positions"] = zip(*positions, strict=True)
    return encoded


if __name__ == "__main__":
    main()
