"""The tf.Examples of a classify or regress request in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from serving.server.errors import StatusError, invalid_argument
from serving.server.json_document import encode, format_error, type_name
from serving.server.json_request import signature_name
from serving.server.json_tensor import decode_base64, is_base64

_CONTEXT: Final = "context"
_EXAMPLES: Final = "examples"
_MAX_INT64: Final = 2**63 - 1
_KINDS: Final = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def fill_request(document: Mapping[str, Any], request: Any) -> None:
    """Writes the body of a request into a ClassificationRequest or a RegressionRequest.

    Args:
      document: The body.
      request: The proto, with its model already named.

    Raises:
      StatusError: INVALID_ARGUMENT.
    """
    request.model_spec.signature_name = signature_name(document)
    has_context = _CONTEXT in document
    if has_context:
        listed = request.input.example_list_with_context
        _fill_example(document[_CONTEXT], listed.context)
    else:
        listed = request.input.example_list
    if _EXAMPLES not in document:
        raise format_error(
            document, f"When method is classify, key '{_EXAMPLES}' is expected and was not found"
        )
    examples = document[_EXAMPLES]
    if not isinstance(examples, list):
        raise format_error(document, f"Expecting '{_EXAMPLES}' value to be an list/array")
    if not examples:
        raise format_error(document, f"'{_EXAMPLES}' value is an empty array")
    for example in examples:
        _fill_example(example, listed.examples.add())


def _fill_example(value: Any, example: Any) -> None:
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {type_name(value)}")
    for name, content in value.items():
        feature = example.features.feature[encode(name).decode("utf-8", "replace")]
        for element in content if isinstance(content, list) else [content]:
            _add(element, name, feature)


def _add(value: Any, name: str, feature: Any) -> None:
    """Adds one value to a feature, whose first value decides its kind."""
    kind, converted = _converted(value, name)
    current = feature.WhichOneof("kind")
    if current not in (None, kind):
        raise invalid_argument(
            f"Unexpected element type in feature: {name} expecting type: {_KINDS[current]}"
        )
    getattr(feature, kind).value.append(converted)


def _converted(value: Any, name: str) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "int64_list", int(value)
    if isinstance(value, str):
        return "bytes_list", encode(value)
    if is_base64(value):
        return "bytes_list", decode_base64(value)
    if value is None or isinstance(value, dict | list):
        raise _unexpected(value, name)
    if isinstance(value, int) and -_MAX_INT64 - 1 <= value < 2**64:
        if value > _MAX_INT64:
            raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
        return "int64_list", value
    return "float_list", _as_float(value)


def _as_float(value: float) -> float:
    """Returns a number as the nearest float, which protobuf itself refuses beyond its range."""
    import numpy as np

    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _unexpected(value: Any, name: str) -> StatusError:
    return invalid_argument(
        f"Feature: {name} has element with unexpected JSON type: {type_name(value)}"
    )
