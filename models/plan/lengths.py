"""Lengths of rows in the two figures that cost is made of: tokens, and tokens squared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Lengths:
    """What is known of the rows' lengths in tokens, special ones included.

    Batches are made of rows of like lengths, so that padding hardly counts.

    Attributes:
      mean: Mean length: most of a layer's work grows with it.
      mean_square: Mean of the squares: attention grows with it.
      longest: Length of the longest row, which the largest batch is padded to.
    """

    mean: float
    mean_square: float
    longest: int


def lengths_of(lengths: Sequence[int]) -> Lengths:
    """Returns the figures of some rows.

    >>> lengths_of([4, 8])
    Lengths(mean=6.0, mean_square=40.0, longest=8)

    Raises:
      ValueError: If there are none.
    """
    if not lengths:
        raise ValueError("lengths must hold one length at least; received none")
    count = len(lengths)
    return Lengths(sum(lengths) / count, sum(length**2 for length in lengths) / count, max(lengths))
