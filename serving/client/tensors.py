"""Texts to TensorProto, and TensorProto to plain values, by the rules of TensorFlow."""

import math
import struct
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from serving.client.answers import Value
from serving.client.errors import AnswerError
from serving.client.wire import Tensor

STRING: Final = 7
"""DT_STRING of tensorflow/core/framework/types.proto."""

_FLOAT: Final = 1

_NUMBERS: Final = {  # number of the dtype: field, format of one value in tensor_content
    _FLOAT: ("float_val", "f"),
    2: ("double_val", "d"),
    3: ("int_val", "i"),
    4: ("int_val", "B"),
    5: ("int_val", "h"),
    6: ("int_val", "b"),
    9: ("int64_val", "q"),
    10: ("bool_val", "?"),
    17: ("int_val", "H"),
    22: ("uint32_val", "I"),
    23: ("uint64_val", "Q"),
}


def text_tensor(texts: Sequence[str] | Sequence[Sequence[str]]) -> Any:
    """Returns a TensorProto with `texts` as UTF-8, `(len(texts),)`, or `(lists, their length)`."""
    rows = [[text] if isinstance(text, str) else text for text in texts]
    tensor = Tensor(dtype=STRING, string_val=[text.encode() for row in rows for text in row])
    tensor.tensor_shape.dim.add(size=len(texts))
    if texts and not isinstance(texts[0], str):
        tensor.tensor_shape.dim.add(size=len(texts[0]))
    return tensor


def tensor_values(tensor: Any) -> Value:
    """Returns a TensorProto's value as nested lists; texts decoded where they are UTF-8.

    Raises:
      AnswerError: If the dtype is not one that an answer can have.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    size = math.prod(shape)
    if tensor.dtype == STRING:
        values: list[Any] = [decoded(item) for item in tensor.string_val]
    elif tensor.dtype in _NUMBERS:
        field, kind = _NUMBERS[tensor.dtype]
        content = tensor.tensor_content
        values = (
            list(struct.unpack(f"<{size}{kind}", content))
            if content
            else list(getattr(tensor, field))
        )
        if tensor.dtype == _FLOAT:
            values = [shortest(value) for value in values]
    else:
        raise AnswerError(f"an output must be of text or numbers; received dtype {tensor.dtype}")
    # TensorFlow leaves out the end of a tensor that repeats one value.
    values += values[-1:] * (size - len(values))
    if len(values) != size:
        raise AnswerError(f"an output of the shape {shape} came with {len(values)} values")
    return _shaped(iter(values), shape)


def decoded(value: bytes) -> str | bytes:
    """Returns UTF-8 as a text, other bytes as they are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def shortest(value: float) -> float:
    """Returns the number of fewest digits that is the same float32, as TensorFlow Serving's REST.

    >>> shortest(0.10000000149011612)
    0.1
    """
    if not math.isfinite(value):
        return value
    for digits in range(6, 9):
        candidate = float(f"{value:.{digits}g}")
        if math.isfinite(candidate) and abs(candidate) <= _FLOAT32_MAX:
            (rounded,) = struct.unpack("<f", struct.pack("<f", candidate))
            if rounded == value:
                return candidate
    return float(f"{value:.9g}")


_FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127


def _shaped(values: Iterable[Any], shape: Sequence[int]) -> Value:
    if not shape:
        return next(iter(values))
    if len(shape) == 1:
        return list(islice(values, shape[0]))
    return [_shaped(values, shape[1:]) for _ in range(shape[0])]
