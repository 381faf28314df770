"""How alike an answer and the right ones are, by the definitions of SQuAD's evaluation script.

Source: `evaluate-v2.0.py` of https://rajpurkar.github.io/SQuAD-explorer. Texts are compared in
lower case, without punctuation of ASCII, without English articles, and with white space squeezed.
No answer is the empty text.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalize_answer(text: str) -> str:
    """Returns what of an answer is compared.

    >>> normalize_answer(" The  U.S. (in a word)")
    'us in word'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, right: str) -> float:
    """Returns 1.0 where two texts are the same after normalisation, else 0.0."""
    return float(normalize_answer(answer) == normalize_answer(right))


def overlap_f1(answer: str, right: str) -> float:
    """Returns the F1 of the words of an answer; of two texts one of which has no word, 0.0 or 1.0.

    >>> overlap_f1("the Norman kings", "kings of England")
    0.4
    """
    words, right_words = normalize_answer(answer).split(), normalize_answer(right).split()
    if not words or not right_words:
        return float(words == right_words)
    common = (Counter(words) & Counter(right_words)).total()
    return 2 * common / (len(words) + len(right_words))


def best_scores(answer: str, right_answers: Sequence[str]) -> tuple[float, float]:
    """Returns exact match and F1 against the right answer that is nearest by each.

    Args:
      answer: What was answered; empty for no answer.
      right_answers: The right ones. Where none of them has a word, no answer is the right one.
    """
    compared = [text for text in right_answers if normalize_answer(text)] or [""]
    return (
        max(exact_match(answer, right) for right in compared),
        max(overlap_f1(answer, right) for right in compared),
    )
