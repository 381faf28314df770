"""What Classify and Regress ask of a signature, and how they read its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import invalid_argument

if TYPE_CHECKING:
    import numpy as np

INPUTS: Final = "inputs"
CLASSES: Final = "classes"
SCORES: Final = "scores"
REGRESSIONS: Final = "outputs"


@dataclass(frozen=True)
class Method:
    """One of the two methods that take tf.Examples.

    Attributes:
      api: Its name in the service.
      name: The method_name of its signatures.
      noun: What the real server calls it in its errors.
      result_field: Field of an InferenceResult that holds its result.
      outputs: The outputs that it reads, where the signature has them.
    """

    api: str
    name: str
    noun: str
    result_field: str
    outputs: tuple[str, ...]

    def fetches(self, signature: Any) -> dict[str, str]:
        """Returns the tensors of a signature that the method reads, by output.

        Raises:
          StatusError: INVALID_ARGUMENT, if the signature is not made for it.
        """
        if INPUTS not in signature.inputs:
            raise invalid_argument(
                f"No {self.noun} inputs found in SignatureDef: {_one_line(signature)}"
            )
        found = {
            name: signature.outputs[name].name for name in self.outputs if name in signature.outputs
        }
        if not found:
            raise invalid_argument(
                f"No {self.noun} outputs found in SignatureDef: {_one_line(signature)}"
            )
        return found

    def check_method_name(self, signature: Any) -> None:
        """Refuses a signature of another method.

        Raises:
          StatusError: INVALID_ARGUMENT.
        """
        if signature.method_name != self.name:
            raise invalid_argument(
                f"Expected {self.noun} signature method_name to be {self.name}. "
                f"Was: {signature.method_name}"
            )


CLASSIFY: Final = Method(
    "Classify",
    "tensorflow/serving/classify",
    "classification",
    "classification_result",
    (CLASSES, SCORES),
)
REGRESS: Final = Method(
    "Regress", "tensorflow/serving/regress", "regression", "regression_result", (REGRESSIONS,)
)
METHODS: Final = {method.name: method for method in (CLASSIFY, REGRESS)}


def fill_result(method: Method, outputs: Mapping[str, Any], batch_size: int, result: Any) -> None:
    """Writes outputs into a ClassificationResult or a RegressionResult.

    Args:
      method: Which of the two.
      outputs: What the graph returned, by output.
      batch_size: Number of examples.
      result: The empty proto.

    Raises:
      StatusError: INVALID_ARGUMENT, if the shape or the dtype of an output is not the method's.
    """
    if method is CLASSIFY:
        _fill_classification(outputs.get(CLASSES), outputs.get(SCORES), batch_size, result)
    else:
        _fill_regression(outputs[REGRESSIONS], batch_size, result)


def _fill_classification(classes: Any, scores: Any, batch_size: int, result: Any) -> None:
    if classes is not None:
        _check_output(CLASSES, classes, "object", "DT_STRING", batch_size)
    if scores is not None:
        _check_output(SCORES, scores, "float32", "DT_FLOAT", batch_size)
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise invalid_argument(
            "Tensors class and score should match in shape[1]. "
            f"Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    num_classes = next(array.shape[1] for array in (classes, scores) if array is not None)
    labels = _rows(classes, batch_size, [b""] * num_classes)
    values = _rows(scores, batch_size, [0.0] * num_classes)
    for row_labels, row_values in zip(labels, values, strict=True):
        classifications = result.classifications.add()
        for label, value in zip(row_labels, row_values, strict=True):
            # Parsed, not assigned: a label need not be UTF-8 on the wire of the real server either.
            classifications.classes.add(label=label.decode("utf-8", "replace"), score=value)


def _fill_regression(outputs: np.ndarray, batch_size: int, result: Any) -> None:
    shape = list(getattr(outputs, "shape", ()))
    if len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] != 1):
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {_shape(shape)}"
        )
    if shape[0] != batch_size:
        raise invalid_argument(f"Expected output batch size to be {batch_size}. Got: {shape[0]}")
    if outputs.dtype.name != "float32":
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT. Got: {_dtype_name(outputs)}")
    for value in outputs.reshape(-1).tolist():
        result.regressions.add(value=value)


def _check_output(name: str, array: Any, dtype: str, wanted: str, batch_size: int) -> None:
    shape = list(getattr(array, "shape", ()))
    if len(shape) != 2:
        raise invalid_argument(
            f"Expected Tensor shape: [batch_size num_classes] but got {_shape(shape)}"
        )
    if array.dtype.name != dtype:
        raise invalid_argument(f"Expected {name} Tensor of {wanted}. Got: {_dtype_name(array)}")
    if shape[0] != batch_size:
        raise invalid_argument(
            f"Expected {name} output batch size of {batch_size}. Got: {shape[0]}"
        )


def _rows(array: Any, batch_size: int, missing: list[Any]) -> Sequence[list[Any]]:
    return [missing] * batch_size if array is None else array.tolist()


def _shape(shape: Sequence[int]) -> str:
    """Returns a shape as TensorFlow writes it.

    >>> _shape([2, 3])
    '[2,3]'
    """
    return f"[{','.join(map(str, shape))}]"


def _dtype_name(array: Any) -> str:
    name: str = array.dtype.name
    return {"object": "string", "float32": "float", "float64": "double"}.get(name, name)


def _one_line(signature: Any) -> str:
    from google.protobuf import text_format

    return text_format.MessageToString(signature, as_one_line=True)
