"""One JSON value, a number or nested lists, into an array of the dtype of an input.

The common case, a well-formed value, goes level by level at the speed of C. A value that is not is
walked once more, in the real server's order, to say what is wrong in its words.
"""

from __future__ import annotations

import base64
import binascii
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.json_document import encode, format_error, quote, type_name

if TYPE_CHECKING:
    import numpy as np

BASE64_KEY: Final = "b64"
MAX_RANK: Final = 32
"""Most dimensions of a numpy array, on every numpy."""

_INT32_RANGE: Final = (-(2**31), 2**31 - 1)
# int8, int16 and uint8 travel as int32: the real server takes any of those and cuts the high bits.
_INT_RANGES: Final = {
    "int8": _INT32_RANGE,
    "int16": _INT32_RANGE,
    "int32": _INT32_RANGE,
    "uint8": _INT32_RANGE,
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_LEAVES: Final[dict[str, frozenset[type]]] = {
    "float": frozenset({int, float}),
    "double": frozenset({int, float}),
    "bool": frozenset({bool}),
    "string": frozenset({str, dict}),
} | dict.fromkeys(_INT_RANGES, frozenset({int}))
_NUMPY_NAMES: Final = {"float": "float32", "double": "float64"}


def to_array(value: Any, dtype: str) -> np.ndarray:
    """Returns a JSON value as a dense array.

    Args:
      value: A scalar, or lists of lists of equal lengths.
      dtype: TensorFlow's name of the wanted type, `float`, `int32`, `string`, ...

    Raises:
      StatusError: INVALID_ARGUMENT for a value of another type or a ragged one, UNIMPLEMENTED for a
        dtype that has no JSON form.
    """
    shape: list[int] = []
    leaves = [value]
    while True:
        kinds = set(map(type, leaves))
        if list not in kinds:
            break
        if kinds != {list} or len(set(map(len, leaves))) > 1:
            raise explain(value, dtype)
        shape.append(len(leaves[0]))
        if len(shape) > MAX_RANK:
            raise invalid_argument(f"A tensor has at most {MAX_RANK} dimensions here")
        leaves = list(chain.from_iterable(leaves))
    if not leaves:
        return _empty(dtype).reshape(shape)
    if not kinds <= _LEAVES.get(dtype, frozenset()):
        raise explain(value, dtype)
    array = _leaf_array(leaves, kinds, dtype)
    if array is None:
        raise explain(value, dtype)
    return array.reshape(shape)


def _leaf_array(leaves: list[Any], kinds: set[type], dtype: str) -> np.ndarray | None:
    """Returns a flat array; None where an int is out of range, or an object is no base64."""
    import numpy as np

    if dtype == "string":
        if dict in kinds and not all(type(leaf) is str or is_base64(leaf) for leaf in leaves):
            return None
        array = np.empty(len(leaves), dtype=object)
        array[:] = [_bytes(leaf) for leaf in leaves]
        return array
    if dtype in _INT_RANGES:
        low, high = _INT_RANGES[dtype]
        if min(leaves) < low or max(leaves) > high:
            return None
        wide = np.array(leaves, dtype=np.uint64 if low == 0 else np.int64)
        return wide.astype(dtype)
    with np.errstate(over="ignore"):  # a double beyond float is an infinity, silently
        return np.array(leaves, dtype=_NUMPY_NAMES.get(dtype, dtype))


def _empty(dtype: str) -> np.ndarray:
    import numpy as np
    import tensorflow as tf

    # "float" and "double" are Python's and numpy's float64, but TensorFlow's float32 and float64.
    name = _NUMPY_NAMES.get(dtype, dtype)
    return np.empty(0, dtype=object if dtype == "string" else tf.as_dtype(name).as_numpy_dtype)


def is_base64(value: Any) -> bool:
    """Whether a JSON value is an object that stands for bytes.

    >>> is_base64({"b64": "AA=="}), is_base64({"b64": 1}), is_base64({"b64": "", "x": 1})
    (True, False, False)
    """
    return (
        isinstance(value, dict) and value.keys() == {BASE64_KEY} and type(value[BASE64_KEY]) is str
    )


def decode_base64(value: dict[str, str]) -> bytes:
    """Returns the bytes of a base64 object; padding may be left out.

    Raises:
      StatusError: INVALID_ARGUMENT, if it is no base64.
    """
    text = "".join(value[BASE64_KEY].split())
    stripped = text.rstrip("=")
    try:
        if len(text) - len(stripped) > 2 or (text != stripped and len(text) % 4):
            raise binascii.Error("wrong padding")
        return base64.b64decode(stripped + "=" * (-len(stripped) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("Unable to base64 decode") from error


def _bytes(leaf: Any) -> bytes:
    return encode(leaf) if type(leaf) is str else decode_base64(leaf)


def explain(value: Any, dtype: str) -> StatusError:
    """Returns what the real server says of a value that is no dense array of a dtype."""
    try:
        _walk(value, 0, dtype, _first_shape(value))
    except StatusError as error:
        return error
    return type_error(value, dtype)


def type_error(value: Any, dtype: str) -> StatusError:
    """Returns the error of a value whose JSON type does not fit the dtype."""
    return format_error(value, f"Type: {type_name(value)} is not of expected type: {dtype}")


def _first_shape(value: Any) -> list[int]:
    """Returns the shape that the first element of each level promises."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _walk(value: Any, level: int, dtype: str, shape: list[int]) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise format_error(
                value,
                f"found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}",
            )
        _check_leaf(value, dtype)
        return
    if level >= len(shape):
        raise invalid_argument(
            f"Encountered list at unexpected level: {level} expected < {len(shape)}"
        )
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for element in value:
        _walk(element, level + 1, dtype, shape)


def _check_leaf(value: Any, dtype: str) -> None:
    if isinstance(value, dict):
        if dtype != "string":
            raise type_error(value, dtype)
        if not is_base64(value):
            raise format_error(value, "not formatted correctly for base64 data")
        decode_base64(value)
    elif dtype not in _LEAVES:
        raise StatusError(
            Code.UNIMPLEMENTED, f"Conversion of JSON Value: {quote(value)} to type: {dtype}"
        )
    elif type(value) not in _LEAVES[dtype] or not _fits(value, dtype):
        raise type_error(value, dtype)


def _fits(value: Any, dtype: str) -> bool:
    low, high = _INT_RANGES.get(dtype, (None, None))
    return low is None or high is None or low <= value <= high
