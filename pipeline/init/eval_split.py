"""How much of a single file to keep for eval, so that it has what there is to judge."""

from collections import Counter
from collections.abc import Iterable, Iterator

from components.ingest.config import IngestConfig
from components.ingest.encode import RowEncoder
from components.ingest.formats.base import Rejection, Row, SourceFile
from models.tasks.base import Task
from pipeline.init.layout import FileLayout
from pipeline.init.roles import Roles
from schemas import features as keys

_SMALL, _LARGE = 2_000, 200_000
_SMALL_FRACTIONS = (0.2, 0.3, 0.4)
"""Tried in turn: by chance a small share of few rows may miss a label."""


def choose_eval_fraction(layout: FileLayout, roles: Roles, task: Task, num_rows: int) -> float:
    """Returns the share of the rows that goes to eval.

    Args:
      layout: The file.
      roles: Its columns.
      task: The task, with its labels.
      num_rows: Usable rows.
    """
    if num_rows >= _SMALL:
        return 0.1 if num_rows < _LARGE else 0.05
    labels_missed = {
        fraction: _labels_missed(_by_role(layout, roles), task, fraction, layout)
        for fraction in _SMALL_FRACTIONS
    }
    return min(labels_missed, key=lambda fraction: labels_missed[fraction])


def _labels_missed(rows: Iterable[Row], task: Task, fraction: float, layout: FileLayout) -> int:
    """Returns how many labels train and eval lack where ingest splits the rows by `fraction`."""
    source = SourceFile(split=keys.TRAIN, path=str(layout.path), name="", format="", columns={})
    config = IngestConfig(train=str(layout.path), eval_fraction=fraction)
    encoder = RowEncoder(source, config, task)
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        encoded = encoder.encode(row)
        if not isinstance(encoded, Rejection):
            found.update((encoded.split, label) for label in encoded.labels)
    return 2 * len(task.labels) - len(found)


def _by_role(layout: FileLayout, roles: Roles) -> Iterator[Row]:
    """Yields the readable rows with text and label by role."""
    columns = {keys.TEXT: str(roles.text), keys.LABEL: str(roles.label)}
    for row in layout.rows((roles.text, roles.label)):
        if isinstance(row, Row):
            values = {role: row.values[at] for role, at in columns.items() if at in row.values}
            yield row._replace(values=values)
