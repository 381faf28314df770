"""Calls as TensorFlow Serving's REST API takes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from serving.client.answers import Value
from serving.client.calls import Call, Columns, Signature, Target, VersionStatus, chosen_signature
from serving.client.errors import AnswerError
from serving.client.tensors import decoded


class RestCodec:
    """Writes and reads JSON, in the columnar form, which keeps every shape."""

    def predict(
        self, target: Target, signature: Signature, inputs: Columns
    ) -> Call[Mapping[str, Value]]:
        body = {"signature_name": target.signature, "inputs": inputs}

        def decode(answer: bytes) -> Mapping[str, Value]:
            outputs = _member(_parsed(answer), "outputs")
            if len(signature.outputs) == 1:  # which comes without its name
                return {signature.outputs[0]: _plain(outputs)}
            return {name: _plain(_member(outputs, name)) for name in signature.outputs}

        path = f"POST {_path(target)}:predict"
        return Call(path, json.dumps(body, allow_nan=False).encode(), decode)

    def signature(self, target: Target) -> Call[Signature]:
        def decode(answer: bytes) -> Signature:
            metadata = _member(_parsed(answer), "metadata")
            signatures = _member(_member(metadata, "signature_def"), "signature_def")
            found = chosen_signature(target.signature, signatures)
            inputs, outputs = _member(found, "inputs"), _member(found, "outputs")
            return Signature(tuple(sorted(inputs)), tuple(sorted(outputs)))

        return Call(f"GET {_path(target)}/metadata", b"", decode)

    def status(self, target: Target) -> Call[list[VersionStatus]]:
        return Call(f"GET {_path(target)}", b"", _statuses)


def _path(target: Target) -> str:
    path = f"/v1/models/{quote(target.model, safe='')}"
    if target.version is not None:
        path += f"/versions/{target.version}"
    if target.label is not None:
        path += f"/labels/{quote(target.label, safe='')}"
    return path


def _statuses(answer: bytes) -> list[VersionStatus]:
    return [
        VersionStatus(
            int(_member(item, "version")),
            _member(item, "state"),
            _member(_member(item, "status"), "error_message"),
        )
        for item in _member(_parsed(answer), "model_version_status")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and value.keys() == {"b64"}:
        return decoded(base64.b64decode(value["b64"]))
    return value


def _parsed(answer: bytes) -> Any:
    try:
        # TensorFlow Serving copies texts of the graph as they are, so they may be no UTF-8.
        return json.loads(answer.decode("utf-8", "replace"))
    except ValueError as error:
        raise AnswerError(f"the server's answer must be JSON; received {answer[:80]!r}") from error


def _member(answer: Any, key: str) -> Any:
    if not isinstance(answer, dict) or key not in answer:
        raise AnswerError(
            f"the server's answer must have the key {key!r}; received {answer!r:.200}"
        )
    return answer[key]
