"""A row of questions and answers, checked and described (standard library only)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from models.tasks.base import FeatureValue, RowError
from models.tasks.rows import range_of
from schemas import features as keys

MADE = (
    keys.ANSWER_START,
    keys.ANSWER_END,
    keys.ANSWER_PRESENT,
    keys.QUESTION_WORD,
    keys.LENGTH_BUCKET,
    keys.ROW_ID,
)
"""Features that no column may be named as."""

QUESTION_WORDS = ("what", "who", "when", "where", "which", "why", "how")
OTHER_QUESTION = "other"
CONTEXT_LENGTHS = (64, 128, 256, 512)

_SAME_WORD = {"whom": "who", "whose": "who"}
_SHOWN = 80


class Answer(NamedTuple):
    """An answer that stands in the context.

    Attributes:
      text: The answer.
      start: Its first code point in the context.
    """

    text: str
    start: int


def read_texts(row: Mapping[str, Any]) -> tuple[str, str]:
    """Returns question and context.

    Raises:
      RowError: If one of them holds white space only.
    """
    question, context = row[keys.QUESTION], row[keys.CONTEXT]
    if not question.strip():
        raise RowError("no_question", "the question must hold more than white space")
    if not context.strip():
        raise RowError("empty_context", "the context must hold more than white space")
    return question, context


def read_answers(row: Mapping[str, Any]) -> tuple[Answer, ...]:
    """Returns the answers of a row, none where it has none.

    Args:
      row: `context`, `answers` and perhaps `is_impossible` by role. Answers are a list of objects,
        as SQuAD's files have them, or an object of lists, as its tables on the hub have them.

    Raises:
      RowError: If an answer has no text or number, or is not at its offset, or there is one though
        there should not be.
    """
    context, given = row[keys.CONTEXT], row.get(keys.ANSWERS, [])
    answers = tuple(_answer(text, start, context) for text, start in _pairs(given))
    if answers and row.get(keys.IS_IMPOSSIBLE, "false").lower() == "true":
        raise RowError(
            "invalid_answer",
            f"a question that is_impossible must have no answers; received {len(answers)}",
        )
    return answers


def question_features(
    question: str, context: str, answers: Sequence[Answer]
) -> dict[str, FeatureValue]:
    """Returns the raw features of a question, with those that the evaluation is sliced by."""
    texts = list(dict.fromkeys(answer.text for answer in answers))
    return {
        keys.QUESTION: question.encode(),
        keys.CONTEXT: context.encode(),
        keys.ANSWERS: json.dumps(texts, ensure_ascii=False).encode(),
        keys.ANSWER_START: answers[0].start if answers else -1,
        keys.ANSWER_END: answers[0].start + len(answers[0].text) if answers else -1,
        keys.ANSWER_PRESENT: b"yes" if answers else b"no",
        keys.QUESTION_WORD: question_word(question).encode(),
        keys.LENGTH_BUCKET: context_length(context).encode(),
    }


def _pairs(given: Any) -> list[tuple[Any, Any]]:
    """Returns text and offset of each answer, as they stand in the file."""
    if isinstance(given, dict):
        columns = [given.get("text", []), given.get("answer_start", [])]
        columns = [column if isinstance(column, list) else [column] for column in columns]
        if len(columns[0]) != len(columns[1]):
            raise RowError(
                "invalid_answer",
                f"answers must have as many texts as offsets; received {len(columns[0])} and "
                f"{len(columns[1])}",
            )
        return list(zip(*columns, strict=True))
    if not isinstance(given, list) or not all(isinstance(answer, dict) for answer in given):
        raise RowError(
            "invalid_answer",
            f"answers must be a list of objects with text and answer_start; received {given!r:.80}",
        )
    return [(answer.get("text"), answer.get("answer_start")) for answer in given]


def _answer(text: Any, start: Any, context: str) -> Answer:
    if not isinstance(text, str) or not text.strip():
        raise RowError("invalid_answer", f"an answer must have a text; received {text!r:.80}")
    if not re.fullmatch("[0-9]+", str(start)):
        raise RowError(
            "invalid_answer",
            f"an answer must have its first character's number as answer_start; received {start!r}",
        )
    found = context[int(start) : int(start) + len(text)]
    if found != text:
        raise RowError(
            "answer_offset",
            f"an answer must stand at its answer_start in the context; received {text[:_SHOWN]!r} "
            f"for character {start}, where there is {found[:_SHOWN]!r}",
        )
    return Answer(text, int(start))


def question_word(question: str) -> str:
    """Returns the first word that asks, or `other`.

    >>> question_word("In which city did he live when he died?")
    'which'
    >>> question_word("Name the river.")
    'other'
    """
    for word in re.findall(r"[a-z]+", question.lower()):
        asked = _SAME_WORD.get(word, word)
        if asked in QUESTION_WORDS:
            return asked
    return OTHER_QUESTION


def context_length(context: str) -> str:
    """Returns the range of lengths in words that a context falls in.

    >>> context_length("two words")
    '1-64'
    """
    return range_of(len(context.split()), CONTEXT_LENGTHS)
