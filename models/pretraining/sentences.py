"""Splits running text into sentences by rules that need no model (standard library only)."""

from __future__ import annotations

import re

_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        """adj adm al approx apr aug ave ca capt cf ch co col corp cpl dec dept dr ed eds eg e.g est
        etc feb fig figs fr gen gov hon ie i.e inc jan jr jul jun lt ltd maj mr mrs ms mt nov oct op
        p.m a.m pp prof rep rev rt sen sep sept sgt sr st u.k u.s univ v vol vols vs""",
    )
)
"""Words before a full stop that does not end a sentence, in lower case, without that full stop."""

_END = re.compile(
    r"""(?P<stop>[.!?\u2026]+["'\u2019\u201d)\]\u00bb]*)   # with the quotes and brackets it closes
        \s+(?=["'\u2018\u201c(\[\u00ab]*(?P<next>\w))      # before a word
      | (?<=[\u3002\uff01\uff1f])(?!["'\u2019\u201d)\]\u300d\u300f])  # full width: no space follows
    """,
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[\w.]*\w$")


def split_sentences(text: str) -> list[str]:
    r"""Returns the sentences of a text, without the white space around them.

    A line break ends a sentence. So does a full stop, question mark, exclamation mark or ellipsis
    before white space and a capital letter, a digit or a letter without case; not the full stop of
    an initial ("J. Smith") or of a usual English abbreviation. Full-width stops end a sentence
    wherever they stand.

    >>> split_sentences("Dr. J. Smith left. (He was late.) Was it 5 p.m. or six? It was.")
    ['Dr. J. Smith left.', '(He was late.)', 'Was it 5 p.m. or six?', 'It was.']
    >>> split_sentences("one line ends here\nand another . it goes on")
    ['one line ends here', 'and another . it goes on']
    """
    return [sentence for line in text.splitlines() for sentence in _split_line(line)]


def _split_line(line: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(line):
        if end["stop"] and not _ends_sentence(line[start : end.start()], end["stop"], end["next"]):
            continue
        found.append(line[start : end.end()].strip())
        start = end.end()
    found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _ends_sentence(before: str, stop: str, following: str) -> bool:
    if following.islower():
        return False
    if not stop.startswith(".") or stop.startswith(".."):
        return True
    last_word = _LAST_WORD.search(before)
    if last_word is None:
        return True
    word = last_word.group()
    is_initial = len(word) == 1 and word.isupper() and word != "I"
    return not is_initial and word.lower() not in _ABBREVIATIONS
