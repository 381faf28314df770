"""The classes of transformers for ALBERT, and what each of them holds beside the backbone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from models.weights.heads import CLASSIFIER, MLM, MULTIPLE_CHOICE, QA_OUTPUTS, SOP, TOKEN_CLASSIFIER


@dataclass(frozen=True)
class HuggingFaceClass:
    """One class.

    Attributes:
      name: As `architectures` in `config.json` says it.
      heads: Its heads, by the names of models.weights.heads.
      has_pooler: Whether its backbone has the pooler.
    """

    name: str
    heads: tuple[str, ...] = ()
    has_pooler: bool = True


CLASSES = (
    HuggingFaceClass("AlbertForSequenceClassification", (CLASSIFIER,)),
    HuggingFaceClass("AlbertForTokenClassification", (TOKEN_CLASSIFIER,), has_pooler=False),
    HuggingFaceClass("AlbertForQuestionAnswering", (QA_OUTPUTS,), has_pooler=False),
    HuggingFaceClass("AlbertForMultipleChoice", (MULTIPLE_CHOICE,)),
    HuggingFaceClass("AlbertForPreTraining", (MLM, SOP)),
    HuggingFaceClass("AlbertForMaskedLM", (MLM,), has_pooler=False),
)
"""The classes with heads. Three call theirs `classifier`: only the name of the class tells them."""

BACKBONE_CLASS = HuggingFaceClass("AlbertModel")


def class_for_heads(heads: Collection[str]) -> HuggingFaceClass:
    """Returns the first class that holds nothing but these heads; fine-tuned ones go first.

    >>> class_for_heads(["mlm", "sop"]).name, class_for_heads(["sop"]).name
    ('AlbertForPreTraining', 'AlbertModel')
    """
    return next((one for one in CLASSES if set(one.heads) <= set(heads)), BACKBONE_CLASS)


def class_named(name: str) -> HuggingFaceClass | None:
    """Returns the class of that name; None where it is none of ALBERT's with heads.

    >>> class_named("AlbertForMultipleChoice").heads
    ('multiple_choice',)
    """
    return next((one for one in CLASSES if one.name == name), None)
