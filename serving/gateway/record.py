"""An answered request as a PredictionLog, the record that TFX reads and servers warm up with."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas.features import LABELS, PREDICTED_LABEL, SERVING_DEFAULT, TEXT
from serving.client import wire
from serving.client.tensors import STRING
from serving.gateway.calls import Call, Reply
from serving.gateway.redaction import Redact, keep_text
from serving.gateway.wire import Envelope, PredictionLog

_LOG_FIELDS: Final = {
    "predict": "predict_log",
    "classify": "classify_log",
    "regress": "regress_log",
    "multi_inference": "multi_inference_log",
}
_PLAIN_OUTPUTS: Final = (PREDICTED_LABEL, LABELS)
"""Outputs whose texts are the model's own; another may quote the request."""
_FLOAT, _INT64 = 1, 9


class NotLoggedError(ValueError):
    """A request of which no record can be made."""


def make_record(call: Call, reply: Reply, redact: Redact, sampling_rate: float) -> bytes:
    """Returns the record of an answered request.

    Args:
      call: The request.
      reply: Its answer.
      redact: Gives what is logged in place of a text.
      sampling_rate: Share of the requests that are logged, noted in the record.

    Raises:
      NotLoggedError: If the request has no texts that could be told and redacted.
    """
    if call.method not in _LOG_FIELDS:
        raise NotLoggedError(f"{call.method} asks for no prediction")
    log = PredictionLog()
    exchange = getattr(log, _LOG_FIELDS[call.method])
    if call.method == "predict":
        request, response = _predict_messages(call, reply, redact)
        log.log_metadata.model_spec.ParseFromString(request.model_spec.SerializeToString())
        exchange.request, exchange.response = (
            request.SerializeToString(),
            response.SerializeToString(),
        )
    else:
        spec = _model_spec_only(call)
        log.log_metadata.model_spec.CopyFrom(spec.model_spec)
        exchange.request = call.body if redact is keep_text else spec.SerializeToString()
        exchange.response = reply.body
    log.log_metadata.sampling_config.sampling_rate = sampling_rate
    log.log_metadata.timestamp_secs = int(time.time())
    return log.SerializeToString()


def _model_spec_only(call: Call) -> Any:
    """Returns a request without its examples, whose features may be texts."""
    if call.protocol == "rest" or call.method == "multi_inference":
        raise NotLoggedError("only predict, and classify and regress over gRPC, are logged")
    envelope = Envelope.FromString(call.body)
    envelope.DiscardUnknownFields()
    return envelope


def _predict_messages(call: Call, reply: Reply, redact: Redact) -> tuple[Any, Any]:
    if call.protocol == "grpc":
        request = wire.PredictRequest.FromString(call.body)
        response = wire.PredictResponse.FromString(reply.body)
    else:
        request = _request_of_json(call)
        response = wire.PredictResponse(outputs=_columns(json.loads(reply.body), "predictions"))
    is_plain = request.model_spec.signature_name in ("", SERVING_DEFAULT)
    if redact is not keep_text:
        for message in (request, response):
            message.DiscardUnknownFields()  # they may hold anything
        for tensor in request.inputs.values():
            _redact(tensor, redact, is_plain=is_plain)
        for name, tensor in response.outputs.items():
            if name not in _PLAIN_OUTPUTS:
                _redact(tensor, redact, is_plain=True)
    return request, response


def _redact(tensor: Any, redact: Redact, *, is_plain: bool) -> None:
    if tensor.dtype != STRING:
        tensor.ClearField("string_val")
        return
    if tensor.tensor_content:
        raise NotLoggedError("only texts in string_val can be redacted")
    if not is_plain:  # serialized examples: their texts cannot be told from their numbers
        raise NotLoggedError("only the texts of serving_default can be redacted")
    redacted = [redact(value.decode("utf-8", "replace")).encode() for value in tensor.string_val]
    tensor.string_val[:] = redacted


def _request_of_json(call: Call) -> Any:
    body = json.loads(call.body)
    request = wire.PredictRequest(inputs=_columns(body, "instances"))
    request.model_spec.name = call.model
    request.model_spec.signature_name = body.get("signature_name") or SERVING_DEFAULT
    return request


def _columns(body: Any, rows_key: str) -> dict[str, Any]:
    """Returns the tensors by name of a request or an answer, in rows or in columns."""
    columns_key = {"instances": "inputs", "predictions": "outputs"}[rows_key]
    value = body[rows_key] if rows_key in body else body[columns_key]
    if rows_key in body and value and all(isinstance(row, Mapping) for row in value):
        value = {name: [row[name] for row in value] for name in value[0]}
    if not isinstance(value, Mapping):  # the one input or output of a signature has no name here
        value = {TEXT if rows_key == "instances" else PREDICTED_LABEL: value}
    return {name: _tensor(column) for name, column in value.items()}


def _tensor(value: Any) -> Any:
    """Returns a tensor of texts or numbers of nested lists."""
    shape, level = [], value
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    flat = _flat(value)
    if len(flat) != math.prod(shape):
        raise NotLoggedError("the lists are ragged")
    if all(isinstance(item, str) for item in flat):
        tensor = wire.Tensor(dtype=STRING, string_val=[item.encode() for item in flat])
    elif all(type(item) is int for item in flat):
        tensor = wire.Tensor(dtype=_INT64, int64_val=flat)
    elif all(isinstance(item, int | float) for item in flat):
        tensor = wire.Tensor(dtype=_FLOAT, float_val=flat)
    else:
        raise NotLoggedError("only texts and numbers are logged")
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


def _flat(value: Any) -> Sequence[Any]:
    return [item for part in value for item in _flat(part)] if isinstance(value, list) else [value]
