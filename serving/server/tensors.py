"""Tensors between protos and arrays, as the C++ server reads and writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import StatusError, invalid_argument

if TYPE_CHECKING:
    import numpy as np

# The typed field of a TensorProto for each numpy dtype. Answers are written to these, and not to
# tensor_content, as the real server does; clients without TensorFlow read these alone.
_FIELDS: Final = {
    "float32": "float_val",
    "float64": "double_val",
    "int8": "int_val",
    "int16": "int_val",
    "int32": "int_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "object": "string_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
}
_COMPLEX_PARTS: Final = {"complex64": "float32", "complex128": "float64"}


def to_array(name: str, tensor: Any) -> np.ndarray:
    """Returns the value of a TensorProto.

    Args:
      name: The input that it is for.
      tensor: The proto, in either of its encodings.

    Raises:
      StatusError: INVALID_ARGUMENT, if it does not parse.
    """
    import tensorflow as tf

    try:
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError, MemoryError) as error:
        raise invalid_argument(f"tensor parsing error: {name}") from error


def write_array(value: Any, tensor: Any) -> None:
    """Writes a value into an empty TensorProto.

    Args:
      value: An array, or a numpy scalar or bytes for a scalar.
      tensor: The proto.

    Raises:
      StatusError: INVALID_ARGUMENT, if its dtype has no field.
    """
    import numpy as np
    import tensorflow as tf

    array = value if isinstance(value, np.ndarray) else _scalar(value)
    kind = array.dtype.name
    if kind not in _FIELDS:
        raise unwritable(array)
    tensor.dtype = tf.string.as_datatype_enum if kind == "object" else _enum(array)
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    flat = array.reshape(-1)
    if _FIELDS[kind] == "half_val":
        flat = flat.view(np.uint16)
    elif kind in _COMPLEX_PARTS:
        flat = flat.view(_COMPLEX_PARTS[kind])
    getattr(tensor, _FIELDS[kind]).extend(flat.tolist())


def unwritable(array: np.ndarray) -> StatusError:
    """Returns the error of an output that has no place in an answer."""
    return invalid_argument(f"Failed to write a tensor of type {array.dtype.name}")


def _scalar(value: Any) -> np.ndarray:
    """Returns a rank-0 array; bytes stay bytes, numpy's own strings would cut trailing NULs."""
    import numpy as np

    if isinstance(value, bytes):
        array = np.empty((), dtype=object)
        array[()] = value
        return array
    return np.asarray(value)


def _enum(array: np.ndarray) -> int:
    import tensorflow as tf

    return tf.as_dtype(array.dtype).as_datatype_enum
