"""What a row of a file is computed as: how many training rows it becomes, of which sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

CountPieces = Callable[[str], int]
"""From a text to the number of its pieces."""

RowSequences = list[list[int]]
"""Tokens of each sequence that is computed together, for each training row that a row becomes."""


def packed_length(pieces: Sequence[int], max_length: int) -> int:
    """Returns the tokens of texts that are packed into one sequence, special ones included.

    >>> packed_length([5, 3], 64), packed_length([70], 64)
    (11, 64)

    Args:
      pieces: Of each text.
      max_length: Longest sequence.
    """
    return min(1 + sum(count + 1 for count in pieces), max_length)


def window_lengths(beside: int, pieces: int, *, max_length: int, stride: int) -> list[int]:
    """Returns the tokens of the windows that a text is cut into, as `models.windows` cuts it.

    >>> window_lengths(2, 10, max_length=12, stride=4)
    [12]
    >>> window_lengths(4, 20, max_length=12, stride=4)
    [12, 12, 12, 12]

    Args:
      beside: Tokens of a window that are not the text's.
      pieces: Of the text.
      max_length: Longest window.
      stride: Pieces between the starts of two windows.
    """
    room = max_length - beside
    step = min(room, stride)
    count = 1 + max(0, -(-(pieces - room) // step))
    return [beside + min(room, pieces - number * step) for number in range(count)]
