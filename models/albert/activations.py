"""The activations of the feed-forward blocks, by the names that checkpoints give them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import keras

from schemas.errors import UserError

KERAS_HUB_ACTIVATION = "gelu_new"
"""What KerasHub's AlbertBackbone computes, and every original ALBERT checkpoint was trained with.

Source: `hidden_act` in the configs of google-research/albert is "gelu", whose code is the tanh
form; the Hugging Face configs of the same checkpoints say "gelu_new".
"""


def gelu_tanh(x: Any) -> Any:
    """Returns the GELU in its tanh form (https://arxiv.org/abs/1606.08415), for any shape."""
    return keras.ops.gelu(x, approximate=True)


def gelu_erf(x: Any) -> Any:
    """Returns the GELU in its exact form; it differs from the tanh form by up to 5e-4."""
    return keras.ops.gelu(x, approximate=False)


ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "gelu_new": gelu_tanh,
        "gelu_pytorch_tanh": gelu_tanh,
        "gelu_fast": gelu_tanh,
        "gelu": gelu_erf,
        "gelu_python": gelu_erf,
        "relu": keras.ops.relu,
        "silu": keras.ops.silu,
        "swish": keras.ops.silu,
        "tanh": keras.ops.tanh,
    }
)
"""By `hidden_act` of a Hugging Face config."""


def activation(hidden_act: str) -> Callable[[Any], Any]:
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
