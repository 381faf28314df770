"""Texts with words to fill in: what an evaluation of the served model asks (standard library only).

Which words are hidden, and whether the parts change places, follows from the text itself: every run
asks the same.
"""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

MASK = "[MASK]"
"""What stands for a hidden word in a text, in what is asked and in what is made here."""

HIDDEN_SHARE = 0.15
"""Of the words of a text, and in training of the pieces of a row. Source:
https://arxiv.org/abs/1909.11942, section 4.1."""

_WORD = re.compile(r"[^\W_]+")
_IN_ORDER, _SWAPPED, _NO_PAIR = 0, 1, -1


class Cloze(NamedTuple):
    """A text to fill in.

    Attributes:
      text: Two parts, on a line each, or one; `[MASK]` for each hidden word.
      hidden_words: The words, normalised as the vocabulary's are, in the order of the text.
      sentence_order: 0 if the first line comes first, 1 if it comes second, -1 for a single line.
    """

    text: str
    hidden_words: tuple[str, ...]
    sentence_order: int


def has_word(text: str) -> bool:
    """Returns whether there is a word that could be hidden.

    >>> has_word("so: 7"), has_word("... !")
    (True, False)
    """
    return _WORD.search(text) is not None


def make_cloze(sentences: Sequence[str]) -> Cloze:
    """Hides 15 % of the words of a text, and one at least where there is any.

    Args:
      sentences: Consecutive sentences, none of them with a line break; one or more.
    """
    document = "\n".join(sentences)
    digest = hashlib.blake2b(document.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    # `random()` alone repeats in every release of Python.
    draw = random.Random(int.from_bytes(digest, "little")).random
    # A text about this very kind of text must not ask more than was hidden.
    written = [sentence.replace(MASK, MASK.lower()) for sentence in sentences]
    parts, order = [" ".join(written)], _NO_PAIR
    if len(written) > 1:
        cut = 1 + int(draw() * (len(written) - 1))
        parts = [" ".join(written[:cut]), " ".join(written[cut:])]
        order = _SWAPPED if draw() < 0.5 else _IN_ORDER
        parts = parts[::-1] if order == _SWAPPED else parts
    text = "\n".join(parts)
    words = list(_WORD.finditer(text))
    ranked = sorted(words, key=lambda _: draw())
    count = min(len(words), max(1, round(len(words) * HIDDEN_SHARE)))
    hidden = sorted(ranked[:count], key=lambda word: word.start())
    return Cloze(_without(text, hidden), tuple(normalized(w.group()) for w in hidden), order)


def _without(text: str, words: Sequence[re.Match[str]]) -> str:
    pieces, end = [], 0
    for word in words:
        pieces += [text[end : word.start()], MASK]
        end = word.end()
    return "".join([*pieces, text[end:]])


def normalized(word: str) -> str:
    """Returns a word as `models.normalization` writes it.

    >>> normalized("Crème")
    'creme'
    """
    letters = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).lower()
