"""Calls as TensorFlow Serving's gRPC API takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError

from serving.client import wire
from serving.client.answers import Value
from serving.client.calls import Call, Columns, Signature, Target, VersionStatus, chosen_signature
from serving.client.errors import AnswerError
from serving.client.tensors import tensor_values, text_tensor

PREDICTION_SERVICE: Final = "/tensorflow.serving.PredictionService"
MODEL_SERVICE: Final = "/tensorflow.serving.ModelService"

_SIGNATURES = "signature_def"
_STATES: Final = {10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
"""ModelVersionStatus.State of tensorflow_serving/apis/get_model_status.proto."""


class GrpcCodec:
    """Writes and reads the messages."""

    def predict(
        self, target: Target, signature: Signature, inputs: Columns
    ) -> Call[Mapping[str, Value]]:
        request = wire.PredictRequest(model_spec=_model_spec(target))
        request.model_spec.signature_name = target.signature
        for name, texts in inputs.items():
            request.inputs[name].CopyFrom(text_tensor(texts))
        return Call(f"{PREDICTION_SERVICE}/Predict", request.SerializeToString(), _outputs)

    def signature(self, target: Target) -> Call[Signature]:
        request = wire.GetModelMetadataRequest(
            model_spec=_model_spec(target), metadata_field=[_SIGNATURES]
        )

        def decode(body: bytes) -> Signature:
            response = _parsed(wire.GetModelMetadataResponse, body)
            signatures = _parsed(wire.SignatureDefMap, response.metadata[_SIGNATURES].value)
            found = chosen_signature(target.signature, signatures.signature_def)
            return Signature(tuple(sorted(found.inputs)), tuple(sorted(found.outputs)))

        method = f"{PREDICTION_SERVICE}/GetModelMetadata"
        return Call(method, request.SerializeToString(), decode)

    def status(self, target: Target) -> Call[list[VersionStatus]]:
        request = wire.GetModelStatusRequest(model_spec=_model_spec(target))
        return Call(f"{MODEL_SERVICE}/GetModelStatus", request.SerializeToString(), _statuses)


def _model_spec(target: Target) -> Any:
    spec = wire.ModelSpec(name=target.model)
    if target.version is not None:
        spec.version.value = target.version
    if target.label is not None:
        spec.version_label = target.label
    return spec


def _outputs(body: bytes) -> Mapping[str, Value]:
    response = _parsed(wire.PredictResponse, body)
    return {name: tensor_values(tensor) for name, tensor in response.outputs.items()}


def _statuses(body: bytes) -> list[VersionStatus]:
    response = _parsed(wire.GetModelStatusResponse, body)
    return [
        VersionStatus(item.version, _STATES.get(item.state, "UNKNOWN"), item.status.error_message)
        for item in response.model_version_status
    ]


def _parsed(message_class: Any, body: bytes) -> Any:
    try:
        return message_class.FromString(body)
    except DecodeError as error:
        name = message_class.DESCRIPTOR.name
        raise AnswerError(f"the server's answer must be a {name}; {error}") from error
