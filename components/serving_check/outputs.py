"""Whether answers are well-formed, and how far two sets of answers are apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from schemas.features import PROBABILITIES, PROBABILITY

Outputs = Mapping[str, np.ndarray]
"""Array by name of the output, each `(batch, ...)`; texts as bytes."""

_SUM_TOLERANCE = 1e-2
_FILLERS: Mapping[str, float | int] = {"f": 0.0, "i": -1, "b": False}
"""What lists of numbers end in, where the batch holds longer ones; texts end in empty ones."""


def malformed(outputs: Outputs, num_rows: int, *, sum_to_one: bool = False) -> str:
    """Returns what is wrong with answers to `num_rows` texts; empty where nothing is.

    Args:
      outputs: The answers.
      num_rows: Texts that were sent.
      sum_to_one: Whether the probabilities of a text must add up to 1 (not in multi-label tasks).
    """
    for name, value in outputs.items():
        if value.shape[:1] != (num_rows,):
            return f"output {name} has the shape {value.shape} for {num_rows} texts"
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return f"output {name} holds values that are no numbers"
        if name in (PROBABILITY, PROBABILITIES) and ((value < 0) | (value > 1)).any():
            return f"output {name} holds values outside 0 to 1"
    if sum_to_one and not adds_up_to_one(outputs):
        return f"the {PROBABILITIES} of a text do not add up to 1"
    return ""


def adds_up_to_one(outputs: Outputs) -> bool:
    """Returns whether the probabilities of every text add up to 1."""
    if PROBABILITIES not in outputs:
        return False
    return bool(np.allclose(outputs[PROBABILITIES].sum(axis=-1), 1.0, atol=_SUM_TOLERANCE))


def difference(left: Outputs, right: Outputs) -> float:
    """Returns the largest difference of a fraction; infinite where the outputs are not alike.

    Texts and whole numbers must be the same in every row whose fractions are: a label, or its
    position, may turn only with its probability. Lists of unlike length are filled up first, for
    the longest of a batch decides it.

    >>> left = {"score": np.array([0.5, 0.1]), "label": np.array([b"a", b"b"])}
    >>> right = {"score": np.array([0.4, 0.1]), "label": np.array([b"c", b"b"])}
    >>> round(difference(left, right), 3)
    0.1
    >>> difference(left, {**left, "label": np.array([b"a", b"c"])})
    inf
    """
    if left.keys() != right.keys() or any(len(left[name]) != len(right[name]) for name in left):
        return float("inf")
    if any(left[name].ndim != right[name].ndim for name in left):
        return float("inf")
    pairs = {name: _of_one_shape([left[name], right[name]]) for name in left}
    left, right = ({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
    numbers = [name for name in left if left[name].dtype.kind == "f"]
    num_rows = len(next(iter(left.values()), ()))
    gaps = np.zeros(num_rows)
    for name in numbers:
        gap = np.abs(left[name].astype(np.float64) - right[name]).reshape(num_rows, -1)
        gaps = np.maximum(gaps, gap.max(axis=1, initial=0.0))
    for name in left.keys() - set(numbers):
        differs = (left[name] != right[name]).reshape(num_rows, -1).any(axis=1)
        if (differs & (gaps == 0)).any():
            return float("inf")
    return float(gaps.max(initial=0.0))


def stack(answers: list[Outputs]) -> Outputs:
    """Returns the answers of several requests as those of one."""
    return {
        name: np.concatenate(_of_one_shape([answer[name] for answer in answers]))
        for name in answers[0]
    }


def row_of(outputs: Outputs, index: int) -> Outputs:
    """Returns the answer to one text, still as a batch."""
    return {name: value[index : index + 1] for name, value in outputs.items()}


def _of_one_shape(values: list[np.ndarray]) -> list[np.ndarray]:
    """Fills lists of texts or numbers, `(batch, longest)`, up to the longest of all values."""
    shape = np.max([value.shape[1:] for value in values], axis=0).astype(int)
    filler = _FILLERS.get(values[0].dtype.kind, b"")
    return [
        np.pad(
            value,
            [(0, 0), *((0, gap) for gap in shape - np.array(value.shape[1:], int))],
            constant_values=filler,
        )
        for value in values
    ]
