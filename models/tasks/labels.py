"""The declared labels of a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, field_validator

from models.tasks.base import RowError
from schemas.section import Section

_LABELS_SHOWN = 20


class LabelOptions(Section):
    """The labels of a `task` section."""

    labels: Annotated[tuple[str, ...], Field(min_length=2)] = Field(
        description="Every label there is, in the order of the served probabilities."
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _as_text(cls, labels: object) -> object:
        """YAML reads 0 and 1 as numbers, and yes and no as truth values; a file has text."""
        if not isinstance(labels, list | tuple):
            return labels
        if truths := [label for label in labels if isinstance(label, bool)]:
            raise ValueError(f"labels must be text; received {truths}; put them in quotes in YAML")
        return [str(label) for label in labels]

    @field_validator("labels")
    @classmethod
    def _unique(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError(f"labels must be unique; received {list(labels)}")
        if any(label != label.strip() or not label for label in labels):
            raise ValueError(
                f"labels must have text and no space around them; received {list(labels)}"
            )
        return labels


def label_id(label: str, labels: Sequence[str]) -> int:
    """Returns the position of a label.

    Raises:
      RowError: If it is empty or not declared.
    """
    if label not in labels:
        declared = ", ".join(labels[:_LABELS_SHOWN])
        if not label:
            raise RowError("empty_label", f"the label must be one of {declared}; received none")
        raise RowError("unknown_label", f"the label must be one of {declared}; received {label!r}")
    return labels.index(label)
