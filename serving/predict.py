"""Answers of a published model to texts, as plain values that JSON can carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from schemas.errors import UserError
from serving.columns import columns
from serving.versions import version_dir

if TYPE_CHECKING:
    import numpy as np

    from serving.saved_model import LoadedModel

Value = str | int | float | bool | list["Value"]
Answer = dict[str, Value]
"""Value by name of the model's output; texts decoded, floats as short as they round-trip."""

Text = str | Mapping[str, str | Sequence[str]]
"""One text; or, for a model of several inputs, a text or a list of texts by name of the input."""

T = TypeVar("T")


def predict(
    path: Path, texts: Iterable[Text], *, batch_size: int = 32, version: int | None = None
) -> Iterator[Answer]:
    """Loads a model as TensorFlow Serving would and yields its answer to each text, in order.

    Args:
      path: A model base, or the folder of one SavedModel.
      texts: Read as they are needed, one batch at a time.
      batch_size: Texts that the model answers at once.
      version: Number of a version of the model base; unset: the live one.

    Raises:
      UserError: If there is no such version, or a text is not of the form that the model takes.
      ModelLoadError: If the model cannot be served.
    """
    from serving.saved_model import LoadedModel

    with LoadedModel.load(version_dir(path, version)) as model:
        for batch in _batches(texts, batch_size):
            yield from answers(model, batch)


def answers(model: LoadedModel, texts: Sequence[Text]) -> list[Answer]:
    """Returns the answer to each of `texts`, asked in one request.

    Raises:
      UserError: If a text is not of the form that the model takes.
      InvalidRequestError: If the model fails, or has an output that is not one value a text.
    """
    from serving.saved_model import InvalidRequestError

    ranks = {name: spec.shape.rank for name, spec in model.inputs().items()}
    rows = [_by_input(text, ranks) for text in texts]
    outputs = model.run(columns(rows))
    for name, value in outputs.items():
        if value.shape[:1] != (len(rows),):
            raise InvalidRequestError(
                f"every output must have one value a text; {name} has the shape {value.shape} "
                f"for {len(rows)} texts"
            )
    return [
        {name: plain(outputs[name][index]) for name in sorted(outputs)}  # a signature has no order
        for index in range(len(rows))
    ]


def plain(value: np.ndarray | np.generic | bytes) -> Value:
    """Returns a tensor's value as what JSON can carry.

    >>> import numpy as np
    >>> plain(np.array([0.1, 2.5], np.float32)), plain("café".encode())
    ([0.1, 2.5], 'café')
    """
    import numpy as np

    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.ndim:
        return [plain(item) for item in value]
    if isinstance(value, np.floating):
        return float(str(value))  # the shortest text that round-trips in the value's own precision
    return value.item()


def _by_input(text: Text, ranks: Mapping[str, int]) -> Mapping[str, str | Sequence[str]]:
    """Returns `text` by input name; an input of rank 2 takes a list."""
    row = {next(iter(ranks)): text} if isinstance(text, str) and len(ranks) == 1 else text
    if isinstance(row, str) or row.keys() != ranks.keys():
        received = "one text" if isinstance(row, str) else f"the keys {', '.join(sorted(row))}"
        raise UserError(f"the model takes the inputs {', '.join(ranks)}; received {received}")
    for name, rank in ranks.items():
        if isinstance(row[name], str) is (rank == 2):
            wanted = "a list of texts" if rank == 2 else "one text"
            raise UserError(f"{name} must be {wanted}; received {row[name]!r:.100}")
    return row


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
