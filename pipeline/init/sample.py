"""A uniform sample of a file's rows, in memory that does not depend on their number."""

import random
from collections.abc import Callable, Sequence

from components.ingest.formats.base import Rejection
from pipeline.init.layout import Column, FileLayout

SAMPLE_ROWS = 10_000
_CELL_CHARS = 1_000


def sample_rows(
    layout: FileLayout,
    columns: Sequence[Column],
    on_row: Callable[[int], None] = lambda count: None,
) -> list[dict[str, str]]:
    """Returns up to `SAMPLE_ROWS` rows, each row of the file as likely as any other.

    Args:
      layout: The file.
      columns: Columns to keep; long values are cut.
      on_row: Told the number of rows read so far.

    Returns:
      Values by `str(column)`; a small file's rows are in their order.
    """
    chance = random.Random(0)
    kept: list[dict[str, str]] = []
    num_rows = 0
    for row in layout.rows(columns):
        if isinstance(row, Rejection):
            continue
        num_rows += 1
        on_row(num_rows)
        # Reservoir sampling: the n-th row is kept with probability SAMPLE_ROWS / n.
        place = len(kept) if len(kept) < SAMPLE_ROWS else chance.randrange(num_rows)
        if place < SAMPLE_ROWS:
            kept[place : place + 1] = [
                {key: str(value)[:_CELL_CHARS] for key, value in row.values.items()}
            ]
    return kept
