"""What tasks ask of a row alike: names of its columns, when two texts are the same, ranges."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from models.tasks.base import FeatureValue
from schemas.errors import UserError


def refuse_made_names(columns: Iterable[str], made: Iterable[str]) -> None:
    """Refuses columns that would be written over.

    Args:
      columns: Names of columns that become features as they are.
      made: Names of the features that are made of other columns.

    Raises:
      UserError: If a column has the name of such a feature.
    """
    if reserved := sorted(set(columns) & set(made)):
        raise UserError(
            "columns must not be named as features that are made here; received "
            f"{reserved}; rename them"
        )


def folded(text: FeatureValue, *, keep_case: bool = False) -> str:
    """Returns a text as it is compared: without regard to case, width and white space.

    >>> folded("\uff34he  film ".encode()), folded(b"The  film", keep_case=True)
    ('the film', 'The film')

    Args:
      text: A text feature.
      keep_case: Whether case tells texts apart.
    """
    if not isinstance(text, bytes):
        raise TypeError(f"the text feature must be bytes; received {type(text).__name__}")
    normal = unicodedata.normalize("NFKC", text.decode(errors="replace"))
    return " ".join((normal if keep_case else normal.casefold()).split())


def range_of(number: int, ends: Sequence[int]) -> str:
    """Returns the range that a number falls in.

    >>> range_of(9, (8, 16)), range_of(400, (8, 16))
    ('9-16', '17+')

    Args:
      number: From 1 on; 0 is in the first range.
      ends: The last number of each range, ascending; the last range has no end.
    """
    first = 1
    for end in ends:
        if number <= end:
            return f"{first}-{end}"
        first = end + 1
    return f"{first}+"
