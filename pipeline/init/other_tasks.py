"""Files of tasks that init does not set up, recognised so that the user hears it at once."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from schemas.errors import UserError

_TAG = re.compile(r"(?:O|[BIESLU]-\S+)")
_MIN_TAGGED_LINES = 0.95
_ARRAY_OF_ROWS = re.compile(r"\[\s*[{\[]\s*\"?")
_OBJECT_OVER_LINES = re.compile(r"\{\s*(\"[^\n]*[^\n\s}][^\S\n]*)?\n")
_PAIRS = (
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("question", "sentence"),
    ("question", "passage"),
    ("question", "context"),
    ("query", "document"),
)
_COPY_TAGGING = "to find entities, copy configs/wnut17.yaml and name your files and types in it"
_COPY_QUESTIONS = "to find answers in texts, copy configs/squad2.yaml and name your files in it"
_COPY_CHOICE = "to choose between options, copy configs/race.yaml and name your files in it"
_TAG_COLUMNS = frozenset(("tags", "ner_tags", "pos_tags", "entities", "spans"))


def refuse_other_shapes(path: Path, text: str) -> None:
    """Refuses a file whose beginning shows another task, or JSON that is not an object a line.

    Args:
      path: The file, for messages.
      text: Its beginning.

    Raises:
      UserError: With the task it seems to be for and what a classification file needs.
    """
    start = text.lstrip()
    if start.startswith(("{", "[")):
        _refuse_other_json(path, start)
    lines = [line for line in text.splitlines() if line.strip()]
    if _is_conll(lines):
        refuse_task(
            path,
            "token tags in CoNLL columns (named entities)",
            "a classification file has a whole text and its label on each line, not a word and its "
            f"tag; {_COPY_TAGGING}",
        )
    if lines and all(line.startswith("__label__") for line in lines):
        raise UserError(
            f"{path} is in fastText's format; where each text has one label, convert it to TSV: "
            'awk \'{label = substr($1, 10); $1 = ""; print label "\\t" substr($0, 2)}\' FILE '
            "> FILE.tsv"
        )


def refuse_other_columns(path: Path, names: Collection[str]) -> None:
    """Refuses a file whose column names say that it is for another task."""
    known = {name.strip().lower() for name in names}
    for first, second in _PAIRS:
        if {first, second} <= known:
            refuse_pair(path, first, second, first)
    if "tokens" in known and known & _TAG_COLUMNS:
        refuse_task(
            path,
            "token tags (named entities)",
            f"a classification row has a whole text and one label; {_COPY_TAGGING}",
        )
    if "options" in known and known & {"article", "question", "questions", "answers"}:
        refuse_task(
            path,
            "multiple choice",
            f"a classification row has one text and a label of a fixed set; {_COPY_CHOICE}, with "
            "ingest.columns and without ingest.format where it is no file of RACE's authors",
        )


def refuse_pair(path: Path, first: str, second: str, column: object) -> NoReturn:
    """Refuses a file with two texts a row."""
    refuse_task(
        path,
        f"a file with two texts a row ({first} and {second})",
        "copy configs/mrpc.yaml (a label for two texts) or configs/stsb.yaml (a score), and name "
        "your files and columns there; if one of the two alone decides the label, name it: "
        f"--text {column}",
    )


def refuse_regression(path: Path, column: str, sample: str) -> NoReturn:
    """Refuses a file whose target is a number on a scale."""
    refuse_task(
        path,
        f"regression ({column} holds numbers on a scale, such as {sample})",
        "copy configs/stsb.yaml, with task.pair: false for one text, and name your files and "
        "columns there; to classify, make a few classes of the numbers in a new column, such as "
        "low and high, or name another column: --label NAME",
    )


def refuse_task(path: Path, what: str, needed: str) -> NoReturn:
    """Refuses a file of another task.

    Raises:
      UserError: Always.
    """
    raise UserError(
        f"{path} looks like {what}; init sets up classification of single texts and nothing else. "
        f"{needed[0].upper()}{needed[1:]}"
    )


def _is_conll(lines: list[str]) -> bool:
    rows = [line.split() for line in lines if not line.startswith(("-DOCSTART-", "#"))]
    tagged = sum(1 < len(row) <= 6 and _TAG.fullmatch(row[-1]) is not None for row in rows)
    # A tag such as B-PER somewhere: a classification file may well have a label O.
    named = any("-" in row[-1] and _TAG.fullmatch(row[-1]) for row in rows)
    return named and tagged >= _MIN_TAGGED_LINES * len(rows)


def _refuse_other_json(path: Path, start: str) -> None:
    if '"paragraphs"' in start or ('"qas"' in start and '"context"' in start):
        refuse_task(
            path,
            "question answering in SQuAD's JSON",
            "a classification file has a JSON object with a text and a label on each line; "
            f"{_COPY_QUESTIONS}",
        )
    if '"options"' in start and ('"article"' in start or '"questions"' in start):
        refuse_task(
            path,
            "multiple choice in RACE's JSON",
            f"a classification row has one text and a label of a fixed set; {_COPY_CHOICE}",
        )
    if _ARRAY_OF_ROWS.match(start):
        raise UserError(
            f"{path} is one JSON array; write an object a line instead: jq -c '.[]' FILE > "
            "FILE.jsonl"
        )
    if _OBJECT_OVER_LINES.match(start):
        raise UserError(
            f"{path} has JSON objects over several lines; write an object a line instead: jq -c . "
            "FILE > FILE.jsonl"
        )
