"""What the serving check sends: rows of the data, and texts that only users send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from components.raw_examples import RawExample
from schemas.features import ROW_ID
from serving.columns import columns

if TYPE_CHECKING:
    import tensorflow as tf

HOSTILE_TEXTS: Final[Mapping[str, bytes]] = {
    "empty": b"",
    "white space": b" \t\n\xc2\xa0 ",
    "100,000 characters": b"a long story. " * 7143,
    "one word of 100,000 characters": b"a" * 100_000,
    "emoji": "I \N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16} it \N{THUMBS UP SIGN}".encode(),
    "accents": "cr\N{LATIN SMALL LETTER E WITH GRAVE}me, o\N{COMBINING ACUTE ACCENT}".encode(),
    "right to left": "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}".encode(),
    "special tokens": b"[CLS] <pad> [SEP] <unk> [MASK]",
    "invalid UTF-8": b"caf\xe9 \xff\xfe \x80",
    "NUL": b"a\x00b\x00",
}

_OTHER_TEXT = b"another text"


@dataclass(frozen=True)
class Row:
    """A row of the data as both signatures take it.

    Attributes:
      row_id: Its place in the input files.
      features: Text, or the texts of a list, by name of the raw feature.
      serialized: The tf.Example.
    """

    row_id: str
    features: Mapping[str, bytes | list[bytes]]
    serialized: bytes

    @property
    def num_bytes(self) -> int:
        """Length of all of its texts."""
        values = self.features.values()
        return sum(len(value if isinstance(value, bytes) else b"".join(value)) for value in values)


def to_row(example: RawExample, inputs: Mapping[str, tf.TensorSpec]) -> Row:
    """Returns a row with the raw features that a request carries."""
    return Row(
        row_id=example.text(ROW_ID).decode("utf-8", "replace"),
        features=example.inputs(inputs),
        serialized=example.serialized,
    )


def select_rows(
    examples: Iterable[RawExample],
    inputs: Mapping[str, tf.TensorSpec],
    *,
    num_rows: int,
    row_ids: Iterable[str],
) -> tuple[list[Row], dict[str, Row]]:
    """Picks what is sent; reads no further than it must.

    Args:
      examples: Rows of a split.
      inputs: Shape of each raw feature that a request carries, by name.
      num_rows: How many rows to pick, from the first on.
      row_ids: Rows to find besides.

    Returns:
      The first rows, and the wanted rows by id as far as there are any.
    """
    first: list[Row] = []
    wanted = set(row_ids)
    found: dict[str, Row] = {}
    for example in examples:
        row = to_row(example, inputs)
        if len(first) < num_rows:
            first.append(row)
        if row.row_id in wanted:
            found[row.row_id] = row
        if len(first) == num_rows and len(found) == len(wanted):
            break
    return first, found


def request_of(rows: Sequence[Row]) -> dict[str, list[bytes] | list[list[bytes]]]:
    """Returns the texts of `rows` by input, as one request carries them."""
    return columns([row.features for row in rows])


def request_everywhere(
    inputs: Mapping[str, tf.TensorSpec], texts: Sequence[bytes]
) -> dict[str, list[bytes] | list[list[bytes]]]:
    """Returns a request with the same text in every input of a row, and with another in its lists.

    A model that chooses from a list could not choose from equal texts but by rounding.
    """
    return {
        name: [[text, _OTHER_TEXT] for text in texts] if spec.shape.rank == 2 else list(texts)
        for name, spec in inputs.items()
    }
