"""What each REST call does, from the bytes of its body to those of its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving.server.backend import Backend
from serving.server.errors import StatusError, invalid_argument
from serving.server.inference import DEFAULT_SIGNATURE, run_signature
from serving.server.json_document import parse_object
from serving.server.json_examples import fill_request
from serving.server.json_request import read_inputs, signature_name
from serving.server.json_response import (
    write_classification,
    write_predictions,
    write_regression,
)
from serving.server.metadata import SIGNATURE_DEF, metadata_json, proto_json
from serving.server.rest_path import RestCall
from serving.server.serving_map import ServableRequest

_SHORT_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


class RestBackend:
    """The REST calls in front of the same services as gRPC."""

    def __init__(self, backend: Backend) -> None:
        """Takes the services."""
        self._backend = backend
        self._actions: dict[str, Callable[[RestCall, bytes, float | None], bytes]] = {
            "predict": self._predict,
            "classify": self._classify,
            "regress": self._regress,
            "status": self._status,
            "metadata": self._metadata,
        }

    def answer(self, call: RestCall, body: bytes, deadline: float | None) -> bytes:
        """Answers one call with the body of a 200.

        Raises:
          StatusError: As the real server would end it.
        """
        try:
            return self._actions[call.action](call, body, deadline)
        except RecursionError as error:
            raise invalid_argument(
                "JSON Parse error: The document is nested too deeply."
            ) from error

    def _predict(self, call: RestCall, body: bytes, deadline: float | None) -> bytes:
        document = parse_object(body)
        name = signature_name(document) or DEFAULT_SIGNATURE
        wanted = ServableRequest(call.model, call.version, call.label)
        with self._backend.hold_request(wanted) as servable:
            signature = servable.signature_defs.get(name)
            if signature is None:
                raise invalid_argument(
                    f'Serving signature name: "{name}" not found in signature def'
                )
            if not signature.inputs:
                raise invalid_argument(f"Failed to get input map for signature: {name}")
            dtypes = {key: _dtype(signature.inputs[key].dtype) for key in sorted(signature.inputs)}
            values, as_rows = read_inputs(document, dtypes)
            outputs = run_signature(servable, signature, values, (), deadline, api="Predict")
        return write_predictions(outputs, as_rows=as_rows)

    def _classify(self, call: RestCall, body: bytes, deadline: float | None) -> bytes:
        from tensorflow_serving.apis import classification_pb2

        request = classification_pb2.ClassificationRequest()
        _fill_model_spec(request.model_spec, call)
        fill_request(parse_object(body), request)
        return write_classification(self._backend.classify(request, deadline).result)

    def _regress(self, call: RestCall, body: bytes, deadline: float | None) -> bytes:
        from tensorflow_serving.apis import regression_pb2

        request = regression_pb2.RegressionRequest()
        _fill_model_spec(request.model_spec, call)
        fill_request(parse_object(body), request)
        return write_regression(self._backend.regress(request, deadline).result)

    def _status(self, call: RestCall, body: bytes, deadline: float | None) -> bytes:
        from tensorflow_serving.apis import get_model_status_pb2

        del body
        request = get_model_status_pb2.GetModelStatusRequest()
        _fill_model_spec(request.model_spec, call)
        return _write(proto_json(self._backend.get_model_status(request, deadline)))

    def _metadata(self, call: RestCall, body: bytes, deadline: float | None) -> bytes:
        from tensorflow_serving.apis import get_model_metadata_pb2

        del body
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=[SIGNATURE_DEF])
        _fill_model_spec(request.model_spec, call)
        return _write(metadata_json(self._backend.get_model_metadata(request, deadline)))


def _fill_model_spec(model_spec: Any, call: RestCall) -> None:
    try:
        model_spec.name = call.model
        if call.version is not None:
            model_spec.version.value = call.version
        if call.label:
            model_spec.version_label = call.label
    except (ValueError, UnicodeError) as error:  # no proto holds a string that is not UTF-8
        raise _not_utf8(call) from error


def _not_utf8(call: RestCall) -> StatusError:
    name = ascii(call.model + call.label)
    return invalid_argument(f"Failed to decode model name:{name}")


def _dtype(enum: int) -> str:
    import tensorflow as tf

    name = tf.as_dtype(enum).name
    return _SHORT_NAMES.get(name, name)


def _write(value: Any) -> bytes:
    import json

    return json.dumps(value, indent=1, ensure_ascii=False).encode()
