"""Predict: checks a request against its signature in the real server's words, and runs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.servable import Servable
from serving.server.tensors import to_array, write_array

if TYPE_CHECKING:
    import numpy as np

DEFAULT_SIGNATURE = "serving_default"


def predict(servable: Servable, request: Any, deadline: float | None) -> Any:
    """Answers a PredictRequest.

    Args:
      servable: The version that the request asks for.
      request: The proto.
      deadline: `time.monotonic()` of the time to give up; None: never.

    Returns:
      A PredictResponse.

    Raises:
      StatusError: As the real server would end it.
    """
    from tensorflow_serving.apis import predict_pb2

    signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signature_defs.get(signature_name)
    if signature is None:
        raise StatusError(
            Code.FAILED_PRECONDITION, f'Serving signature key "{signature_name}" not found.'
        )
    check_inputs(signature, request.inputs)
    values = {name: to_array(name, tensor) for name, tensor in request.inputs.items()}
    outputs = run_signature(
        servable, signature, values, request.output_filter, deadline, api="Predict"
    )
    response = predict_pb2.PredictResponse()
    fill_model_spec(response.model_spec, servable, signature_name)
    for name, value in outputs.items():
        write_array(value, response.outputs[name])
    return response


def fill_model_spec(model_spec: Any, servable: Servable, signature_name: str) -> None:
    """Writes which version answered."""
    model_spec.name = servable.name
    model_spec.version.value = servable.version
    model_spec.signature_name = signature_name


def run_signature(
    servable: Servable,
    signature: Any,
    values: Mapping[str, np.ndarray],
    output_filter: Sequence[str],
    deadline: float | None,
    *,
    api: str,
) -> dict[str, Any]:
    """Runs a signature.

    Args:
      servable: The version.
      signature: Its SignatureDef.
      values: Value of each input.
      output_filter: Outputs to return; empty: all.
      deadline: `time.monotonic()` of the time to give up; None: never.
      api: The method of the request, for the metrics.

    Returns:
      The value of each output, an array, or a numpy scalar or bytes where it is one.
    """
    names = _filtered(signature, output_filter)
    feeds = {signature.inputs[name].name: value for name, value in values.items()}
    fetches = [signature.outputs[name].name for name in names]
    return dict(zip(names, servable.run(feeds, fetches, deadline, api=api), strict=True))


def check_inputs(signature: Any, received: Collection[str]) -> None:
    """Refuses a request whose inputs are not those of the signature.

    Raises:
      StatusError: INVALID_ARGUMENT, which names what is missing and what is too much.
    """
    wanted = signature.inputs.keys()
    if len(received) != len(wanted):
        extra = sorted(set(received) - wanted)
        missing = sorted(wanted - set(received))
        raise invalid_argument(
            f"input size does not match signature: {len(received)}!={len(wanted)} "
            f"len({_braced(received)}) != len({_braced(wanted)}). "
            f"Sent extra: {_braced(extra)}. Missing but required: {_braced(missing)}."
        )
    for name in received:
        if name not in wanted:
            raise invalid_argument(
                f"input tensor alias not found in signature: {name}. "
                f"Inputs expected to be in the set {_braced(wanted)}."
            )


def _filtered(signature: Any, output_filter: Sequence[str]) -> list[str]:
    if not output_filter:
        return sorted(signature.outputs)
    names: list[str] = []
    for name in output_filter:
        if name not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {_braced(signature.outputs)}."
            )
        if name in names:
            raise invalid_argument(f"duplicate output tensor alias: {name}")
        names.append(name)
    return names


def _braced(names: Collection[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"
