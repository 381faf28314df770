"""`albert-tfx predict`: texts in, one JSON object a line out."""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, tee
from pathlib import Path
from typing import TextIO

from schemas.errors import UserError
from serving.predict import Text, predict


def predict_lines(
    model_base: Path,
    texts: Sequence[str] | None,
    *,
    version: int | None = None,
    input_file: Path | None = None,
    batch_size: int = 32,
) -> Iterator[str]:
    """Yields the model's answer to each text, with the text itself, as JSON.

    Args:
      model_base: Folder of the versions, or of one SavedModel.
      texts: The texts; None: one a line from `input_file` or stdin. A line that is a JSON object
        gives a model of several inputs its texts by name.
      version: Number of the version; None: the live one.
      input_file: A UTF-8 file; None: stdin.
      batch_size: Texts that the model answers at once.

    Raises:
      UserError: If there is no such model, or no text.
    """
    _silence_libraries()
    with _texts(texts, input_file) as given:
        asked, kept = tee(given)
        for text, answer in zip(
            kept, predict(model_base, asked, version=version, batch_size=batch_size), strict=True
        ):
            shown = {"text": text} if isinstance(text, str) else text
            yield json.dumps({**shown, **answer}, ensure_ascii=False)


def _silence_libraries() -> None:
    """Keeps what TensorFlow and Google's clients say at import and load out of the answers."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def _texts(texts: Sequence[str] | None, input_file: Path | None) -> Iterator[Iterable[Text]]:
    """Yields the texts to ask about, read as they are needed."""
    if texts is not None:
        yield texts
    elif input_file is not None:
        try:
            with input_file.open(encoding="utf-8") as lines:
                yield _from_lines(lines, str(input_file))
        except OSError as error:
            raise UserError(f"--input {input_file} cannot be read: {error.strerror}") from error
    elif sys.stdin.isatty():
        raise UserError(
            "predict needs texts: as arguments, in a file with --input, or one a line on stdin"
        )
    else:
        yield _from_lines(sys.stdin, "stdin")


def _from_lines(lines: TextIO, source: str) -> Iterator[Text]:
    """Yields the text of each line; an empty line is a text too."""
    try:
        first = next(lines, None)
        if first is None:
            raise UserError(f"predict needs texts; {source} is empty")
        for line in chain([first], lines):
            text = line.rstrip("\r\n")
            yield json.loads(text) if text.startswith("{") and _is_json(text) else text
    except UnicodeDecodeError as error:
        raise UserError(f"{source} must be UTF-8; {error}") from error


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
