"""Answers of GetModelMetadata and GetModelStatus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from serving.server.errors import invalid_argument
from serving.server.servable import Servable
from serving.server.state import VersionStatus

SIGNATURE_DEF: Final = "signature_def"
"""The one kind of metadata that there is."""


def check_metadata_request(request: Any) -> None:
    """Refuses a GetModelMetadataRequest that asks for nothing, or for what there is not.

    Raises:
      StatusError: INVALID_ARGUMENT.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {field} is not supported")


def model_metadata(servable: Servable) -> Any:
    """Returns the GetModelMetadataResponse of a version: its signatures."""
    from tensorflow_serving.apis import get_model_metadata_pb2

    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in servable.signature_defs.items():
        signatures.signature_def[name].CopyFrom(signature)
    response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def metadata_json(response: Any) -> dict[str, Any]:
    """Returns a GetModelMetadataResponse as REST writes it: the packed proto laid open."""
    from tensorflow_serving.apis import get_model_metadata_pb2

    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    return {
        "model_spec": proto_json(response.model_spec),
        "metadata": {SIGNATURE_DEF: proto_json(signatures)},
    }


def model_status(statuses: Sequence[VersionStatus]) -> Any:
    """Returns the GetModelStatusResponse of versions."""
    from tensorflow_serving.apis import get_model_status_pb2

    response = get_model_status_pb2.GetModelStatusResponse()
    for status in statuses:
        added = response.model_version_status.add(version=status.version, state=status.state)
        added.status.error_code = status.code
        added.status.error_message = status.message
    return response


def proto_json(message: Any) -> dict[str, Any]:
    """Returns a proto as a JSON value, with its own field names, empty fields printed.

    protobuf renamed the option in 5.26, and took the old one away.
    """
    from google.protobuf import json_format

    to_dict: Any = json_format.MessageToDict
    try:
        return to_dict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    except TypeError:
        return to_dict(
            message, preserving_proto_field_name=True, including_default_value_fields=True
        )
