"""Classify, Regress and MultiInference: tf.Examples in, labels with scores or values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.examples import serialized_examples
from serving.server.inference import DEFAULT_SIGNATURE, fill_model_spec
from serving.server.methods import (
    CLASSIFY,
    INPUTS,
    METHODS,
    REGRESS,
    Method,
    fill_result,
)
from serving.server.servable import Servable


def classify(
    servable: Servable, request: Any, deadline: float | None, *, check_method: bool = False
) -> Any:
    """Answers a ClassificationRequest with a ClassificationResponse.

    Args:
      servable: The version that the request asks for.
      request: The proto.
      deadline: `time.monotonic()` of the time to give up; None: never.
      check_method: Refuse a signature of another method_name.

    Raises:
      StatusError: As the real server would end it.
    """
    from tensorflow_serving.apis import classification_pb2

    response = classification_pb2.ClassificationResponse()
    _answer(CLASSIFY, servable, request, response, deadline, check_method)
    return response


def regress(
    servable: Servable, request: Any, deadline: float | None, *, check_method: bool = False
) -> Any:
    """Answers a RegressionRequest with a RegressionResponse; as `classify`."""
    from tensorflow_serving.apis import regression_pb2

    response = regression_pb2.RegressionResponse()
    _answer(REGRESS, servable, request, response, deadline, check_method)
    return response


def multi_inference(
    servable: Servable, request: Any, deadline: float | None, *, check_method: bool = False
) -> Any:
    """Answers a MultiInferenceRequest: several signatures of one model, in one run."""
    from tensorflow_serving.apis import inference_pb2

    examples = serialized_examples(request.input)
    servable.count_examples(len(examples))
    plans = [_plan(servable, task, check_method) for task in _checked(request.tasks)]
    tensors = {plan.input_tensor for plan in plans}
    if len(tensors) != 1:
        raise invalid_argument("Input tensor must be the same for all Signatures.")
    names = sorted({name for plan in plans for name in plan.fetches.values()})
    fetched = servable.run({tensors.pop(): examples}, names, deadline, api="MultiInference")
    values = dict(zip(names, fetched, strict=True))
    response = inference_pb2.MultiInferenceResponse()
    for plan in plans:
        result = response.results.add()
        fill_model_spec(result.model_spec, servable, plan.signature_name)
        outputs = {output: values[name] for output, name in plan.fetches.items()}
        fill_result(plan.method, outputs, len(examples), getattr(result, plan.method.result_field))
    return response


class _Plan:
    """What one method reads from one signature."""

    def __init__(self, method: Method, servable: Servable, name: str, check_method: bool) -> None:
        signature = servable.signature_defs.get(name)
        if signature is None:
            raise invalid_argument(f"No signature was found with the name: {name}")
        if check_method:
            method.check_method_name(signature)
        self.method = method
        self.signature_name = name
        self.fetches: Mapping[str, str] = method.fetches(signature)
        self.input_tensor: str = signature.inputs[INPUTS].name


def _plan(servable: Servable, task: Any, check_method: bool) -> _Plan:
    if task.method_name not in METHODS:
        raise StatusError(
            Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
        )
    name = task.model_spec.signature_name or DEFAULT_SIGNATURE
    return _Plan(METHODS[task.method_name], servable, name, check_method)


def _checked(tasks: Sequence[Any]) -> Sequence[Any]:
    names = {task.model_spec.name for task in tasks}
    if len(names) > 1:
        raise invalid_argument(
            "All ModelSpecs in a MultiInferenceRequest must access the same model name."
        )
    signatures = set()
    for task in tasks:
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name in signatures:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        signatures.add(name)
    return tasks


def _answer(
    method: Method,
    servable: Servable,
    request: Any,
    response: Any,
    deadline: float | None,
    check_method: bool,
) -> None:
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    plan = _Plan(method, servable, name, check_method)
    examples = serialized_examples(request.input)
    servable.count_examples(len(examples))
    fetches = list(plan.fetches.values())
    fetched = servable.run({plan.input_tensor: examples}, fetches, deadline, api=method.api)
    fill_result(
        method, dict(zip(plan.fetches, fetched, strict=True)), len(examples), response.result
    )
    fill_model_spec(response.model_spec, servable, name)
