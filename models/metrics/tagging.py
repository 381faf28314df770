"""Metrics of tagging for TFMA: entities that are found exactly, from one pass over the rows.

An entity is right where start, end and type are. Values equal those of the CoNLL scorer and of
seqeval, micro-averaged, but for one that they call 0.0, and that is NaN here because the rows
cannot tell: F1 and recall where there is no entity, as in a slice of rows without any.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from models.metrics.one_pass import computations
from models.tagging.spans import Span, split_spans


def _counter() -> Counter[str]:
    return Counter()


@dataclass
class EntityCounts:
    """What the metrics need to know of a set of rows.

    Attributes:
      wanted: Entities that there are, by type.
      received: Entities that the model gives, by type.
      right: Entities that are in both, by type.
    """

    wanted: Counter[str] = field(default_factory=_counter)
    received: Counter[str] = field(default_factory=_counter)
    right: Counter[str] = field(default_factory=_counter)

    def add(self, label: np.ndarray, prediction: np.ndarray, weight: float = 1.0) -> None:
        """Counts one row.

        Args:
          label: The entities of the raw example, joined, `(1,)`.
          prediction: Those of the model, likewise.
          weight: Weight of the row; entities count as often as it says.
        """
        wanted, received = _spans(label), _spans(prediction)
        for counter, spans in (
            (self.wanted, wanted),
            (self.received, received),
            (self.right, wanted & received),
        ):
            for span in spans:
                counter[span.type] += weight  # pyright: ignore[reportArgumentType]

    def merge(self, other: EntityCounts) -> None:
        """Counts the rows of `other` too."""
        self.wanted.update(other.wanted)
        self.received.update(other.received)
        self.right.update(other.right)


def precision(counts: EntityCounts, entity_type: str | None = None) -> float:
    """Returns the share of the model's entities that are right, 0 where it gives none.

    NaN where there are none to find either.
    """
    wanted, received = _total(counts.wanted, entity_type), _total(counts.received, entity_type)
    if not wanted and not received:
        return math.nan
    return _total(counts.right, entity_type) / received if received else 0.0


def recall(counts: EntityCounts, entity_type: str | None = None) -> float:
    """Returns the share of the entities that the model finds; NaN where there are none."""
    wanted = _total(counts.wanted, entity_type)
    return _total(counts.right, entity_type) / wanted if wanted else math.nan


def f1(counts: EntityCounts, entity_type: str | None = None) -> float:
    """Returns the harmonic mean of precision and recall; NaN where there are no entities."""
    wanted = _total(counts.wanted, entity_type)
    if not wanted:
        return math.nan
    both = wanted + _total(counts.received, entity_type)
    return 2 * _total(counts.right, entity_type) / both


def _total(counter: Counter[str], entity_type: str | None) -> float:
    return float(sum(counter.values()) if entity_type is None else counter[entity_type])


def _spans(joined: np.ndarray) -> set[Span]:
    text = joined.reshape(-1)[0]
    return set(split_spans(text.decode() if isinstance(text, bytes) else str(text)))


class _EntityMetric(metric_types.Metric):
    """A value of the counts, of all types or of one."""

    def __init__(
        self,
        value: Callable[[EntityCounts, str | None], float],
        name: str,
        entity_type: str | None,
    ) -> None:
        def of_type(counts: EntityCounts) -> float:
            return value(counts, entity_type)

        super().__init__(computations(EntityCounts, of_type), name=name)


class EntityF1(_EntityMetric):
    """`f1` as a TFMA metric."""

    def __init__(self, name: str = "f1", entity_type: str | None = None) -> None:
        super().__init__(f1, name, entity_type)


class EntityPrecision(_EntityMetric):
    """`precision` as a TFMA metric."""

    def __init__(self, name: str = "precision", entity_type: str | None = None) -> None:
        super().__init__(precision, name, entity_type)


class EntityRecall(_EntityMetric):
    """`recall` as a TFMA metric."""

    def __init__(self, name: str = "recall", entity_type: str | None = None) -> None:
        super().__init__(recall, name, entity_type)
