"""Whether two versions decided the same: the texts that they answer with, compared."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.message import DecodeError

from schemas.features import LABELS
from serving.client import wire
from serving.client.errors import AnswerError
from serving.client.tensors import STRING, tensor_values
from serving.gateway.calls import Call, Reply


def agree(call: Call, first: Reply, second: Reply) -> bool | None:
    """Returns whether both replies to a predict request decide the same for every text.

    What is compared is every output of texts (the label, the answer to a question) but the list of
    labels; probabilities differ between any two models. None where there is no such output.
    """
    if call.method != "predict":
        return None
    decide = _grpc_decisions if call.protocol == "grpc" else _rest_decisions
    try:
        decisions = decide(first.body), decide(second.body)
    except (DecodeError, AnswerError, ValueError):
        return None
    return decisions[0] == decisions[1] if all(decisions) else None


def _grpc_decisions(body: bytes) -> dict[str, Any]:
    outputs = wire.PredictResponse.FromString(body).outputs
    return {
        name: tensor_values(tensor)
        for name, tensor in outputs.items()
        if tensor.dtype == STRING and name != LABELS
    }


def _rest_decisions(body: bytes) -> dict[str, Any]:
    answer = json.loads(body)
    outputs = answer.get("outputs", answer.get("predictions")) if isinstance(answer, dict) else None
    if isinstance(outputs, list) and all(isinstance(row, dict) for row in outputs):
        names = outputs[0] if outputs else {}
        outputs = {name: [row.get(name) for row in outputs] for name in names}
    named = outputs if isinstance(outputs, dict) else {"output": outputs}
    return {name: value for name, value in named.items() if name != LABELS and _is_text(value)}


def _is_text(value: Any) -> bool:
    while isinstance(value, list) and value:
        value = value[0]
    return isinstance(value, str)
