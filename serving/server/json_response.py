"""Outputs as JSON: the shortest decimals that come back as the same float, bytes as base64.

Python's own writer would print a float32 with the noise of its float64, and refuses bytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import invalid_argument

if TYPE_CHECKING:
    import numpy as np

_BYTES_SUFFIX: Final = "_bytes"
"""An output whose name ends so holds bytes; any other string is text."""

_SHORT: Final = "%.6g"
_EXACT: Final = {"float32": "%.9g", "float64": "%.17g"}
_INTS: Final = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"})


def write_predictions(outputs: Mapping[str, Any], *, as_rows: bool) -> bytes:
    """Returns the body of an answer to predict.

    Args:
      outputs: Value of each output; arrays, numpy scalars or bytes.
      as_rows: Write a list with one element an instance, and not one tensor an output.

    Raises:
      StatusError: INVALID_ARGUMENT, if a dtype has no JSON form, or outputs do not go into rows.
    """
    arrays = {name: _array(value) for name, value in sorted(outputs.items())}
    if as_rows:
        return b'{"predictions": ' + _rows(arrays) + b"}"
    columns = {name: _nested(_leaves(name, array), array.shape) for name, array in arrays.items()}
    if len(columns) == 1:
        return b'{"outputs": ' + next(iter(columns.values())) + b"}"
    return b'{"outputs": ' + _object(columns) + b"}"


def write_results(results: Iterable[bytes]) -> bytes:
    """Returns the body of an answer to classify or regress, from its written elements."""
    return b'{"results": ' + _list(results) + b"}"


def write_classification(result: Any) -> bytes:
    """Returns the body for a ClassificationResult: `[[label, score], ...]` an example."""
    return write_results(
        _list(
            b"[%s, %s]" % (_text(each.label.encode()), score)
            for each, score in zip(
                row.classes, _floats([each.score for each in row.classes]), strict=True
            )
        )
        for row in result.classifications
    )


def write_regression(result: Any) -> bytes:
    """Returns the body for a RegressionResult: a value an example."""
    return write_results(_floats([each.value for each in result.regressions]))


def write_error(message: str) -> bytes:
    """Returns the body of an error."""
    return b'{"error": ' + _text(message.encode("utf-8", "replace")) + b"}"


def _rows(arrays: Mapping[str, np.ndarray]) -> bytes:
    batch_size = -1
    for name, array in arrays.items():
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if batch_size not in (-1, len(array)):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} "
                f"expecting: {batch_size}"
            )
        batch_size = len(array)
    columns = {name: _elements(_leaves(name, array), array.shape) for name, array in arrays.items()}
    if len(columns) == 1:
        return _list(next(iter(columns.values())))
    rows = zip(*columns.values(), strict=True)
    return _list(_object(dict(zip(columns, row, strict=True))) for row in rows)


def _elements(leaves: list[bytes], shape: Sequence[int]) -> list[bytes]:
    """Returns what stands in the outermost list of a tensor of rank 1 or more."""
    for position in range(len(shape) - 1, 0, -1):
        size = shape[position]
        count = 1
        for length in shape[:position]:
            count *= length
        leaves = [_list(leaves[start * size : (start + 1) * size]) for start in range(count)]
    return leaves


def _nested(leaves: list[bytes], shape: Sequence[int]) -> bytes:
    return _list(_elements(leaves, shape)) if shape else leaves[0]


def _array(value: Any) -> np.ndarray:
    import numpy as np

    if isinstance(value, bytes):
        array = np.empty((), dtype=object)
        array[()] = value
        return array
    return np.asarray(value)


def _leaves(name: str, array: np.ndarray) -> list[bytes]:
    """Returns every value of a tensor, written, in row-major order."""
    kind = array.dtype.name
    flat = array.reshape(-1)
    if kind in _EXACT:
        return _decimals(flat)
    if kind == "object":
        write = _base64 if name.endswith(_BYTES_SUFFIX) else _text
        return [write(value) for value in flat]
    if kind == "bool":
        return [b"true" if value else b"false" for value in flat]
    if kind in _INTS:
        return [b"%d" % value for value in flat.tolist()]
    name_there = {"float16": "half"}.get(kind, kind)
    raise invalid_argument(f"Failed to write JSON value for tensor type: {name_there}")


def _floats(values: list[float]) -> list[bytes]:
    import numpy as np

    return _decimals(np.asarray(values, dtype=np.float32))


def _decimals(flat: np.ndarray) -> list[bytes]:
    """Writes floats with six digits where those come back as the same value, else with all."""
    import numpy as np

    values = flat.tolist()
    short = [_SHORT % value for value in values]
    with np.errstate(over="ignore"):
        same = (np.array(short, dtype=np.float64).astype(flat.dtype) == flat).tolist()
    exact = _EXACT[flat.dtype.name]
    return [
        _decimal(text if is_same else exact % value).encode()
        for text, is_same, value in zip(short, same, values, strict=True)
    ]


def _decimal(text: str) -> str:
    """Marks a whole number as a decimal, and names what is no number as RapidJSON reads it.

    >>> [_decimal(text) for text in ("3", "2.2", "1e+20", "nan", "-inf")]
    ['3.0', '2.2', '1e+20', 'NaN', '-Infinity']
    """
    if text[-1] in "nf":
        return {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    return text if "." in text or "e" in text else f"{text}.0"


def _text(value: bytes) -> bytes:
    """Writes a string; bytes that are no UTF-8 go out as they are, as the real server does it."""
    text = value.decode("utf-8", "surrogateescape")
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _base64(value: bytes) -> bytes:
    return b'{"b64": "%s"}' % base64.b64encode(value)


def _list(elements: Iterable[bytes]) -> bytes:
    return b"[" + b", ".join(elements) + b"]"


def _object(members: Mapping[str, bytes]) -> bytes:
    return b"{" + b", ".join(b"%s: %s" % (_text(k.encode()), v) for k, v in members.items()) + b"}"
