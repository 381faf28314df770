"""`albert-tfx predict`: texts in, one JSON object a line out."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, tee
from pathlib import Path
from typing import TextIO

from schemas.errors import UserError
from serving.predict import Text, predict
from serving.quiet import silence_libraries
from serving.readable import readable

Predictor = Callable[[Iterable[Text]], Iterator[Mapping[str, object]]]
"""Yields the answer to each text, in order, and reads the texts as they are needed."""


def from_model_base(
    model_base: Path, *, version: int | None = None, batch_size: int = 32
) -> Predictor:
    """Returns what asks a published model in this process.

    Args:
      model_base: Folder of the versions, or of one SavedModel.
      version: Number of the version; None: the live one.
      batch_size: Texts that the model answers at once.
    """

    def ask(texts: Iterable[Text]) -> Iterator[Mapping[str, object]]:
        silence_libraries()
        return predict(model_base, texts, version=version, batch_size=batch_size)

    return ask


def from_server(
    url: str,
    model: str,
    *,
    version: int | None = None,
    label: str | None = None,
    timeout: float = 10.0,
    token: str | None = None,
    ca_file: Path | None = None,
    batch_size: int = 32,
) -> Predictor:
    """Returns what asks a model on a TensorFlow Serving.

    Args:
      url: `grpc://HOST:PORT`, `http://HOST:PORT`, or with TLS `grpcs://` or `https://`.
      model: Name of the model there.
      version: Number of the version; None: the live one.
      label: Version label; None: none.
      timeout: Seconds that a batch may take.
      token: Bearer token.
      ca_file: Authorities to trust; None: the usual ones.
      batch_size: Texts a request.

    Raises:
      UserError: If the choice cannot be made.
    """
    from serving.client import BatchLimits, Client, Tls

    if version is not None and label is not None:
        raise UserError("give --version or --label, not both")

    def ask(texts: Iterable[Text]) -> Iterator[Mapping[str, object]]:
        with Client(
            url,
            model,
            version=version,
            label=label,
            timeout=timeout,
            limits=BatchLimits(size=batch_size),
            token=token,
            tls=Tls(ca_file) if ca_file else None,
        ) as client:
            yield from client.stream(texts)

    return ask


def predict_lines(
    predictor: Predictor, texts: Sequence[str] | None, *, input_file: Path | None = None
) -> Iterator[str]:
    """Yields the model's answer to each text, with the text itself, as JSON.

    Args:
      predictor: Asks the model.
      texts: The texts; None: one a line from `input_file` or stdin. A line that is a JSON object
        gives a model of several inputs its texts by name.
      input_file: A UTF-8 file; None: stdin.

    Raises:
      UserError: If there is no such model, or no text.
      ServingError: If a server gives no answer.
    """
    with _texts(texts, input_file) as given:
        asked, kept = tee(given)
        for text, answer in zip(kept, predictor(asked), strict=True):
            shown = {"text": text} if isinstance(text, str) else text
            yield json.dumps({**shown, **readable(answer)}, ensure_ascii=False, default=_readable)


def _readable(value: object) -> str:
    """Returns a text that is no UTF-8 as JSON can carry it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


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
