"""The inputs of a predict request in JSON: rows under "instances", columns under "inputs"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import StatusError, invalid_argument
from serving.server.json_document import format_error, quote
from serving.server.json_tensor import is_base64, to_array

if TYPE_CHECKING:
    import numpy as np

INSTANCES: Final = "instances"
INPUTS: Final = "inputs"

Dtypes = Mapping[str, str]
"""TensorFlow's name of the dtype of each input of a signature."""


def signature_name(document: Mapping[str, Any]) -> str:
    """Returns the signature that a request names; empty where it names none.

    Raises:
      StatusError: INVALID_ARGUMENT, if it is no string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise format_error(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def read_inputs(document: Mapping[str, Any], dtypes: Dtypes) -> tuple[dict[str, np.ndarray], bool]:
    """Returns the value of each input, and whether they came as rows.

    Args:
      document: The body of the request.
      dtypes: The inputs of the signature.

    Raises:
      StatusError: As the real server would refuse it.
    """
    if INSTANCES in document and INPUTS in document:
        raise format_error(
            document,
            f"Not formatted correctly expecting only one of '{INPUTS}' or '{INSTANCES}' keys to "
            "exist ",
        )
    if INPUTS in document:
        return _columns(document[INPUTS], dtypes), False
    if INSTANCES not in document:
        raise invalid_argument(f"Missing '{INPUTS}' or '{INSTANCES}' key")
    instances = document[INSTANCES]
    if not isinstance(instances, list):
        raise format_error(document, f"Expecting '{INSTANCES}' to be an list/array")
    if not instances:
        raise format_error(document, f"No values in '{INSTANCES}' array")
    return _rows(instances, dtypes), True


def _columns(value: Any, dtypes: Dtypes) -> dict[str, np.ndarray]:
    if not isinstance(value, dict) or is_base64(value):
        if len(dtypes) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        name, dtype = next(iter(dtypes.items()))
        return {name: to_array(value, dtype)}
    for name in dtypes:
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return {name: to_array(value[name], dtype) for name, dtype in dtypes.items()}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _rows(instances: list[Any], dtypes: Dtypes) -> dict[str, np.ndarray]:
    if not isinstance(instances[0], dict) and len(dtypes) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    try:
        if _is_object(instances[0]):
            return _object_rows(instances, dtypes)
        if any(map(_is_object, instances)):
            raise _refused(instances, dtypes)
        name, dtype = next(iter(dtypes.items()))
        return {name: to_array(instances, dtype)}
    except StatusError as error:
        raise _refused(instances, dtypes) from error


def _object_rows(instances: list[Any], dtypes: Dtypes) -> dict[str, np.ndarray]:
    if not all(_is_object(row) and row.keys() == dtypes.keys() for row in instances):
        raise _refused(instances, dtypes)
    return {
        name: to_array([row[name] for row in instances], dtype) for name, dtype in dtypes.items()
    }


def _refused(instances: list[Any], dtypes: Dtypes) -> StatusError:
    """Returns the error of the first bad row: reads row by row, as the real server does."""
    try:
        _read_one_by_one(instances, dtypes)
    except StatusError as error:
        return error
    return invalid_argument("The rows of 'instances' do not make one tensor for each input")


def _read_one_by_one(instances: list[Any], dtypes: Dtypes) -> None:
    are_objects = _is_object(instances[0])
    shapes: dict[str, tuple[int, ...]] = {}
    for position, row in enumerate(instances):
        if are_objects and not _is_object(row):
            raise invalid_argument(
                f"Expecting object but got list at item {position} of input list"
            )
        if not are_objects and _is_object(row):
            raise invalid_argument(
                f"Expecting value/list but got object at item {position} of input list"
            )
        _read_row(position, row if are_objects else {next(iter(dtypes)): row}, dtypes, shapes,
                  show_key=are_objects)  # fmt: skip


def _read_row(
    position: int,
    row: Mapping[str, Any],
    dtypes: Dtypes,
    shapes: dict[str, tuple[int, ...]],
    *,
    show_key: bool,
) -> None:
    for name, value in row.items():
        try:
            _read_item(name, value, dtypes, shapes)
        except StatusError as error:  # noqa: PERF203 - the words need the position
            key = f" key: {name}" if show_key else ""
            raise invalid_argument(
                f"Failed to process element: {position}{key} of 'instances' list. "
                f"Error: {error.code.name}: {error.message}"
            ) from error
    if row.keys() != dtypes.keys():
        raise invalid_argument(
            f"Failed to process element: {position} of 'instances' list. JSON object: {quote(row)} "
            f"keys must be equal to: {','.join(sorted(dtypes))}"
        )


def _read_item(name: str, value: Any, dtypes: Dtypes, shapes: dict[str, tuple[int, ...]]) -> None:
    if name not in dtypes:
        raise invalid_argument(f"JSON object: does not have named input: {name}")
    array = to_array(value, dtypes[name])
    expected = shapes.setdefault(name, array.shape)
    expected_size = _size(expected)
    if array.size != expected_size:
        raise invalid_argument(f"Expecting tensor size: {expected_size} but got: {array.size}")
    if array.shape != expected:
        raise invalid_argument(f"Expecting shape {_text(expected)} but got: {_text(array.shape)}")


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _text(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
