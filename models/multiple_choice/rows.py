"""Rows of a file as questions, or why they are none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from models.tasks.base import FeatureValue, RowError, RowValue
from models.tasks.rows import folded, range_of, refuse_made_names
from schemas import features as keys

_QUESTION_LENGTHS = (8, 16, 32)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UNKNOWN_LEVEL = "unknown"
_RACE_ID = re.compile(r"(middle|high)\d+\.txt")
_MADE = (keys.LABEL_ID, keys.NUM_OPTIONS, keys.QUESTION_LENGTH, keys.ROW_ID)


def encode_question(row: Mapping[str, RowValue]) -> dict[str, FeatureValue]:
    """Returns the raw features of a question: see `MultipleChoice.encode_row`."""
    refuse_made_names(row, _MADE)
    options = _options(row.get(keys.OPTIONS))
    texts = {role: _text(row, role) for role in (keys.PASSAGE, keys.QUESTION)}
    features: dict[str, FeatureValue] = {
        role: value.encode()
        for role, value in row.items()
        if isinstance(value, str) and role != keys.ANSWER
    }
    features |= {role: text.encode() for role, text in texts.items()}
    features[keys.OPTIONS] = [option.encode() for option in options]
    features[keys.NUM_OPTIONS] = str(len(options)).encode()
    features[keys.QUESTION_LENGTH] = question_length(texts[keys.QUESTION]).encode()
    features[keys.LEVEL] = level_of(str(row.get(keys.LEVEL, _UNKNOWN_LEVEL))).encode()
    if keys.ANSWER in row:
        features[keys.LABEL_ID] = answer_index(str(row[keys.ANSWER]), len(options))
    return features


def same_question(features: Mapping[str, FeatureValue]) -> str:
    """Returns passage, question and options without regard to case, width and white space."""
    options = features[keys.OPTIONS]
    if not isinstance(options, list):
        raise TypeError(f"the options must be a list; received {type(options).__name__}")
    texts = [features[keys.PASSAGE], features[keys.QUESTION], *options]
    return "\n".join(map(folded, texts))


def level_of(value: str) -> str:
    """Returns the level that a text names; the id of an article of RACE begins with it.

    >>> level_of("high123.txt"), level_of("highest")
    ('high', 'highest')
    """
    found = _RACE_ID.fullmatch(value)
    return found[1] if found else value


def answer_index(answer: str, num_options: int) -> int:
    """Returns the 0-based position of an answer.

    >>> answer_index("B", 4), answer_index("1", 4)
    (1, 1)

    Raises:
      RowError: If it is neither a letter nor a number, or that of no option.
    """
    text = answer.strip().upper()
    index = _LETTERS.find(text) if len(text) == 1 and text.isalpha() else _number(text)
    if not 0 <= index < num_options:
        raise RowError(
            "answer_out_of_range",
            f"the answer must be a letter from A to {_LETTERS[min(num_options, 26) - 1]}, or a "
            f"number from 0 to {num_options - 1}; received {answer!r:.40}",
        )
    return index


def question_length(question: str) -> str:
    """Returns the range of lengths that a question falls in, in words.

    >>> question_length("What is the passage about?")
    '1-8'
    """
    return range_of(len(question.split()), _QUESTION_LENGTHS)


def _options(value: RowValue | None) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(option, str) for option in value):
        raise RowError(
            "invalid_options", f"the options must be a list of texts; received {value!r:.100}"
        )
    if len(value) < 2:
        raise RowError(
            "too_few_options", f"a question must have two options or more; received {value}"
        )
    if not all(option.strip() for option in value):
        raise RowError("empty_option", f"an option must hold a text; received {value!r:.100}")
    if len({option.strip() for option in value}) < len(value):
        raise RowError("repeated_option", f"the options must differ; received {value!r:.100}")
    return value


def _text(row: Mapping[str, RowValue], role: str) -> str:
    text = row.get(role, "")
    if not isinstance(text, str) or not text.strip():
        raise RowError("empty_text", f"the {role} must hold a character that is no white space")
    return text


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
