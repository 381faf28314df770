"""The activations of the feed-forward blocks, by the names that checkpoints give them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import keras

from models.albert.gradients import gelu_erf_in_training, gelu_tanh_in_training
from schemas.errors import UserError

KERAS_HUB_ACTIVATION = "gelu_new"
"""What KerasHub's AlbertBackbone computes, and every original ALBERT checkpoint was trained with.

Source: `hidden_act` in the configs of google-research/albert is "gelu", whose code is the tanh
form; the Hugging Face configs of the same checkpoints say "gelu_new".
"""


class Activation(NamedTuple):
    """A function of tensors of any shape.

    Attributes:
      plain: As TensorFlow's graph optimizer knows it, and fuses it with a matrix product.
      in_training: The same with its gradient written out, for TensorFlow.
    """

    plain: Callable[[Any], Any]
    in_training: Callable[[Any], Any]


def _gelu_tanh(x: Any) -> Any:
    return keras.ops.gelu(x, approximate=True)


def _gelu_erf(x: Any) -> Any:
    return keras.ops.gelu(x, approximate=False)


_GELU_TANH = Activation(_gelu_tanh, gelu_tanh_in_training)
_GELU_ERF = Activation(_gelu_erf, gelu_erf_in_training)
_RELU = Activation(keras.ops.relu, keras.ops.relu)
_SILU = Activation(keras.ops.silu, keras.ops.silu)
_TANH = Activation(keras.ops.tanh, keras.ops.tanh)

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
