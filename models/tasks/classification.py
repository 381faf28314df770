"""Sequence classification: one text, one label of a declared set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator

from models.tasks.base import FeatureValue, Metric, Recipe, RowError, Task
from schemas import features as keys
from schemas.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer

_LENGTH_BUCKETS = (8, 16, 32, 64, 128)


class Options(Section):
    """The `task` section of a classification config."""

    labels: Annotated[tuple[str, ...], Field(min_length=2)] = Field(
        description="Every label there is, in the order of the served probabilities."
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _as_text(cls, labels: object) -> object:
        """YAML reads 0 and 1 as numbers; a file has them as text."""
        return [str(label) for label in labels] if isinstance(labels, list | tuple) else labels

    @field_validator("labels")
    @classmethod
    def _unique(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError(f"labels must be unique; received {list(labels)}")
        return labels
