"""Typed answers: one frozen dataclass a task, chosen by the outputs that the model gives."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, TypeAlias

from serving.client.errors import AnswerError
from serving.entities import Entity, Span, to_entities, to_spans

Value = str | bytes | int | float | bool | list["Value"]


@dataclass(frozen=True)
class Classification:
    """The label of a text.

    Attributes:
      label: The label with the highest probability.
      probability: Its probability.
      probabilities: The probability of each of `labels`.
      labels: The labels of the model.
    """

    label: str
    probability: float
    probabilities: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class MultiLabel:
    """The labels of a text.

    Attributes:
      chosen: The labels that it has, the most probable first.
      probabilities: The probability of each of `labels`.
      labels: The labels of the model.
    """

    chosen: tuple[str, ...]
    probabilities: tuple[float, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Leaves out the empty texts with which the server fills up the row."""
        object.__setattr__(self, "chosen", tuple(label for label in self.chosen if label))


@dataclass(frozen=True)
class Regression:
    """The score of a text.

    Attributes:
      score: On the scale of the training rows.
    """

    score: float


@dataclass(frozen=True)
class MultipleChoice:
    """The option that answers a question.

    Attributes:
      index: Its position among the options of the request, 0-based.
      option: Its text.
      probabilities: The probability of each option; 0 beyond the options of this question, where
        another question of the request had more.
    """

    index: int
    option: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class FillMask:
    """What may stand in the place of each `[MASK]` of a text.

    Attributes:
      tokens: For each mask, the most probable pieces, best first.
      scores: Their probabilities.
      in_order: Probability that the two lines of the text are in their order; -1 for one line,
        None where the model has not learned the order.
    """

    tokens: tuple[tuple[str, ...], ...]
    scores: tuple[tuple[float, ...], ...]
    in_order: float | None = None

    def __post_init__(self) -> None:
        """Leaves out what fills up the lists, which are as long as the longest of a request."""
        asked = [index for index, tokens in enumerate(self.tokens) if any(tokens)]
        count = asked[-1] + 1 if asked else 0
        object.__setattr__(self, "tokens", self.tokens[:count])
        object.__setattr__(self, "scores", self.scores[:count])


@dataclass(frozen=True)
class Tagging:
    """The entities of a text, as lists that may end in fillers; `found` has them one by one.

    Attributes:
      types: The type of each.
      texts: What it covers of the text.
      starts: Its first code point.
      ends: The code point after its last one.
      scores: The mean probability of the tags of its words.
    """

    types: tuple[str, ...]
    texts: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    scores: tuple[float, ...]

    @property
    def found(self) -> tuple[Entity, ...]:
        """The entities in their order."""
        return to_entities(vars(self))


@dataclass(frozen=True)
class ContextAnswer:
    """The part of a context that answers a question.

    Attributes:
      answer: The part; empty where there is no answer.
      start: Its first code point in the context; -1 where there is no answer.
      end: The code point after its last one; -1 likewise.
      score: Probability of what is answered.
      no_answer: Whether the context does not answer the question.
      no_answer_probability: Probability of that.
      texts: The best spans, where the model serves more than one, with fillers as the next three;
        `spans` has them one by one.
      starts: The first code point of each.
      ends: The code point after its last one.
      scores: Its probability.
    """

    answer: str
    start: int
    end: int
    score: float
    no_answer: bool
    no_answer_probability: float
    texts: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """The best spans, best first; none where the model serves the answer alone."""
        return to_spans(vars(self))


Answer: TypeAlias = (
    Classification | FillMask | MultiLabel | MultipleChoice | Tagging | ContextAnswer | Regression
)
"""The answer to a text; a union of the types below."""

# An answer of one field is also part of others: it comes last.
ANSWER_TYPES: Final = (
    Classification,
    FillMask,
    MultiLabel,
    MultipleChoice,
    Tagging,
    ContextAnswer,
    Regression,
)
"""The answer of each task. A field is an output of the served model, of the same name; one with a
default is an output that not every model of the task has."""


def typed_answer(outputs: Mapping[str, Value]) -> Answer:
    """Returns the answer that a row of outputs means; a model may give outputs beyond its fields.

    >>> typed_answer({"label": "a", "probability": 0.9, "probabilities": [0.9, 0.1],
    ...               "labels": ["a", "b"]}).label
    'a'

    Args:
      outputs: Value of one text by name of the output.

    Raises:
      AnswerError: If no task answers like this.
    """
    # Those with most fields first: a score may be an answer, or part of one.
    for answer_type in sorted(ANSWER_TYPES, key=lambda kind: -len(fields(kind))):
        names = [
            field.name
            for field in fields(answer_type)
            if field.default is MISSING or field.name in outputs
        ]
        if outputs.keys() >= set(names):
            return answer_type(**{name: _frozen(outputs[name]) for name in names})
    known = "; ".join(
        f"{answer_type.__name__}: {', '.join(field.name for field in fields(answer_type))}"
        for answer_type in ANSWER_TYPES
    )
    raise AnswerError(
        f"the outputs must be those of a task ({known}); received {', '.join(sorted(outputs))}; "
        "ask for them as they are with outputs()"
    )


def _frozen(value: Value) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
