"""The activations of the feed-forward blocks, by the names that checkpoints give them."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from keras import ops

from schemas.errors import UserError

KERAS_HUB_ACTIVATION = "gelu_new"
"""What KerasHub's AlbertBackbone computes, and every original ALBERT checkpoint was trained with.

Source: `hidden_act` in the configs of google-research/albert is "gelu", whose code is the tanh
form; the Hugging Face configs of the same checkpoints say "gelu_new".
"""


_CUBIC = 0.044715  # of the tanh form: https://arxiv.org/abs/1606.08415
_SLOPE = math.sqrt(8.0 / math.pi)  # of its logistic function: (1 + tanh(a)) / 2 = sigmoid(2 * a)
_DENSITY_AT_0 = 1.0 / math.sqrt(2.0 * math.pi)  # of the normal distribution


class Activation(NamedTuple):
    """A function of tensors of any shape.

    Attributes:
      plain: In one op, or in the ops that TensorFlow's graph optimizer knows as one.
      with_derivative: Returns the function's value and its derivative, computed in float32, in the
        dtype of the argument; None where TensorFlow's own gradient is a single op.
    """

    plain: Callable[[Any], Any]
    with_derivative: Callable[[Any], tuple[Any, Any]] | None = None


def _gelu_tanh(x: Any) -> Any:
    return ops.gelu(x, approximate=True)


def _gelu_tanh_with_derivative(x: Any) -> tuple[Any, Any]:
    wide = ops.cast(x, "float32")
    square = wide * wide
    gate = ops.sigmoid(wide * (square * (_SLOPE * _CUBIC) + _SLOPE))
    value = wide * gate
    slope = square * (3.0 * _SLOPE * _CUBIC) + _SLOPE
    derivative = gate + value * (1.0 - gate) * slope
    return ops.cast(value, x.dtype), ops.cast(derivative, x.dtype)


def _gelu_erf(x: Any) -> Any:
    return ops.gelu(x, approximate=False)


def _gelu_erf_with_derivative(x: Any) -> tuple[Any, Any]:
    wide = ops.cast(x, "float32")
    gate = ops.erf(wide * math.sqrt(0.5)) * 0.5 + 0.5
    derivative = gate + wide * ops.exp(wide * wide * -0.5) * _DENSITY_AT_0
    return ops.cast(wide * gate, x.dtype), ops.cast(derivative, x.dtype)


_GELU_TANH = Activation(_gelu_tanh, _gelu_tanh_with_derivative)
_GELU_ERF = Activation(_gelu_erf, _gelu_erf_with_derivative)
_RELU = Activation(ops.relu)
_SILU = Activation(ops.silu)
_TANH = Activation(ops.tanh)

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "gelu_new": _GELU_TANH,
        "gelu_pytorch_tanh": _GELU_TANH,
        "gelu_fast": _GELU_TANH,
        "gelu": _GELU_ERF,
        "gelu_python": _GELU_ERF,
        "relu": _RELU,
        "silu": _SILU,
        "swish": _SILU,
        "tanh": _TANH,
    }
)
"""By `hidden_act` of a Hugging Face config; the two forms of the GELU differ by up to 5e-4."""


def activation(hidden_act: str) -> Activation:
    """Returns the function called `hidden_act`.

    Raises:
      UserError: If there is none of that name.
    """
    if hidden_act not in ACTIVATIONS:
        raise UserError(
            f"hidden_act must be one of {', '.join(ACTIVATIONS)}; received {hidden_act!r}; change "
            "it in the config of the weights"
        )
    return ACTIVATIONS[hidden_act]


def is_keras_hub_activation(hidden_act: str) -> bool:
    """Returns whether KerasHub's own AlbertBackbone computes `hidden_act`."""
    return activation(hidden_act) is activation(KERAS_HUB_ACTIVATION)
