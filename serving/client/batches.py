"""Texts into the batches of requests, and columns of outputs back into rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from serving.client.answers import Value
from serving.client.calls import Columns, Signature
from serving.client.errors import AnswerError, InvalidRequestError
from serving.columns import columns

Text = str | Mapping[str, str | Sequence[str]]
"""One text; or, for a model of several inputs, a text or a list of texts by name of the input."""


@dataclass(frozen=True)
class BatchLimits:
    """How large one request may be, and how many there may be.

    Attributes:
      size: Texts; a batch of the server should hold it (`max_batch_size`).
      num_bytes: Bytes of text; a longer text goes alone.
      at_once: Requests of an `AsyncClient` that are under way at the same time.
    """

    size: int = 32
    num_bytes: int = 1 << 20
    at_once: int = 4

    def __post_init__(self) -> None:
        if self.size < 1 or self.num_bytes < 1 or self.at_once < 1:
            raise ValueError(f"the limits of a batch must be 1 or more; received {self}")


def batches(texts: Iterable[Text], limits: BatchLimits) -> Iterator[list[Text]]:
    """Yields `texts` in order, as many at once as the limits allow.

    >>> list(batches(["a", "b", "long", "c"], BatchLimits(size=2, num_bytes=3)))
    [['a', 'b'], ['long'], ['c']]

    Raises:
      InvalidRequestError: If a text is no Unicode: it holds half a surrogate pair.
    """
    batch: list[Text] = []
    batch_bytes = 0
    for text in texts:
        num_bytes = _num_bytes(text)
        if batch and (len(batch) == limits.size or batch_bytes + num_bytes > limits.num_bytes):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(text)
        batch_bytes += num_bytes
    if batch:
        yield batch


def request_columns(texts: Sequence[Text], signature: Signature) -> Columns:
    """Returns the texts of each input of the signature, lists as long as the longest.

    Raises:
      InvalidRequestError: If a text is not of the form that the model takes.
    """
    try:
        return columns([_by_input(text, signature.inputs) for text in texts])
    except TypeError as error:
        raise InvalidRequestError("INVALID_ARGUMENT", str(error)) from error


def rows(outputs: Mapping[str, Value], num_rows: int) -> list[dict[str, Value]]:
    """Returns the outputs of each text.

    Raises:
      AnswerError: If an output is not one value a text.
    """
    named = {name: _column(name, outputs[name], num_rows) for name in sorted(outputs)}
    return [{name: values[index] for name, values in named.items()} for index in range(num_rows)]


def _by_input(text: Text, names: Sequence[str]) -> Mapping[str, str | Sequence[str]]:
    row = {names[0]: text} if isinstance(text, str) and len(names) == 1 else text
    if isinstance(row, str) or row.keys() != set(names):
        received = "one text" if isinstance(row, str) else f"the keys {', '.join(sorted(row))}"
        raise InvalidRequestError(
            "INVALID_ARGUMENT",
            f"the model takes the inputs {', '.join(names)}; received {received}",
        )
    return row


def _column(name: str, values: Value, num_rows: int) -> list[Value]:
    if not isinstance(values, list) or len(values) != num_rows:
        received = len(values) if isinstance(values, list) else "one value"
        raise AnswerError(
            f"every output must have one value a text; {name} has {received} for {num_rows}"
        )
    return values


def _num_bytes(text: Text) -> int:
    try:
        values = [text] if isinstance(text, str) else text.values()
        return sum(len("".join(value).encode()) for value in values)
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            "INVALID_ARGUMENT", f"a text must be Unicode; received {error.object[:40]!r}"
        ) from error
