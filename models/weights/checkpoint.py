"""A checkpoint of any layout, as KerasHub would hold it, and the record kept beside a preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.weights.architecture import Architecture
from models.weights.heads import LABELLED

Read = Callable[[], np.ndarray]

_NEVER = -1e4
"""Logit of a label that a head has no output for: its probability is 0."""


class WeightsInfo(BaseModel):
    """What a preset folder says of its weights: the file `weights.json`.

    Attributes:
      layout: Where they come from: "Hugging Face AlbertForMaskedLM", "TF1", "KerasHub", a task.
      has_pooler: Whether the pooler was among them; if not, its weights are random.
      heads: Number of outputs by head of `heads.safetensors`.
      labels: The classifier's labels, in the order of its outputs.
      classifier_dropout: Dropout before the classifier.
      initializer_range: Standard deviation that random weights started with.
      problem_type: transformers' `problem_type`; empty where the source does not say.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    layout: str
    has_pooler: bool = True
    heads: dict[str, int] = Field(default_factory=dict)
    labels: tuple[str, ...] = ()
    classifier_dropout: float = 0.1
    initializer_range: float = 0.02
    problem_type: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was opened and checked; tensors are read one at a time.

    Attributes:
      architecture: Its dimensions and options.
      info: What is kept of it beside the tensors.
      tensors: How to read each variable of KerasHub's backbone, by its path.
      heads: How to read each tensor of the heads, by its path, such as `classifier/kernel`.
      vocabulary: Content of its SentencePiece model.
    """

    architecture: Architecture
    info: WeightsInfo
    tensors: dict[str, Read]
    heads: dict[str, Read]
    vocabulary: bytes

    def with_labels(self, labels: tuple[str, ...]) -> Checkpoint:
        """Returns the same checkpoint with other names for the classifier's outputs."""
        return replace(self, info=self.info.model_copy(update={"labels": labels}))

    def arranged(self, labels: tuple[str, ...]) -> Checkpoint:
        """Returns the same checkpoint with the outputs of its labelled head in another order.

        Args:
          labels: Those of the head in any order, and others, which it then never answers with.
        """
        head = next((head for head in LABELLED if head in self.info.heads), None)
        if head is None or labels == self.info.labels:
            return self
        # What has no output takes the value that is added at the end.
        order = [
            self.info.labels.index(label) if label in self.info.labels else -1 for label in labels
        ]
        added = {f"{head}/kernel": 0.0, f"{head}/bias": _NEVER}
        tensors = {name: _arranged(self.heads[name], order, value) for name, value in added.items()}
        info = self.info.model_copy(
            update={"labels": labels, "heads": self.info.heads | {head: len(labels)}}
        )
        return replace(self, info=info, heads=self.heads | tensors)


def _arranged(read: Read, order: list[int], added: float) -> Read:
    """Returns how to read a tensor with its last axis in another order, one value added to it."""

    def arranged() -> np.ndarray:
        value = read()
        width = [(0, 0)] * (value.ndim - 1) + [(0, 1)]
        return np.pad(value, width, constant_values=added)[..., order]

    return arranged


def default_labels(count: int) -> tuple[str, ...]:
    """Returns the names that transformers gives to labels without names.

    >>> default_labels(2)
    ('LABEL_0', 'LABEL_1')
    """
    return tuple(f"LABEL_{index}" for index in range(count))
