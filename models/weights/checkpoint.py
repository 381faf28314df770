"""A checkpoint of any layout, as KerasHub would hold it, and the record kept beside a preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.weights.architecture import Architecture

Read = Callable[[], np.ndarray]


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


def default_labels(count: int) -> tuple[str, ...]:
    """Returns the names that transformers gives to labels without names.

    >>> default_labels(2)
    ('LABEL_0', 'LABEL_1')
    """
    return tuple(f"LABEL_{index}" for index in range(count))
