"""The groups of variables that learn at rates of their own, told apart by the variable's path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from schemas.errors import UserError

if TYPE_CHECKING:
    import keras

    from models.config import RateFactors

Group = Literal["embeddings", "shared", "head"]

# Layers of KerasHub's AlbertBackbone, by the first part of the paths of their variables.
_EMBEDDINGS = re.compile(
    r"(token_embedding|position_embedding|segment_embedding|embeddings_layer_norm"
    r"|embedding_projection)/"
)
_SHARED = re.compile(r"(group_\d+_inner_layer_\d+|pooled_dense)/")


def group_of(path: str) -> Group:
    """Returns the group of the variable at `path`.

    >>> group_of("embeddings_layer_norm/gamma")
    'embeddings'
    >>> group_of("group_0_inner_layer_0/self_attention_layer/query/kernel")
    'shared'
    >>> group_of("logits/bias")
    'head'
    """
    if _EMBEDDINGS.match(path):
        return "embeddings"
    return "shared" if _SHARED.match(path) else "head"


def factor_of(variable: Any, factors: RateFactors) -> float:
    """Returns what the learning rate is multiplied by for `variable`."""
    return getattr(factors, group_of(variable.path))


def freeze(model: keras.Model, factors: RateFactors) -> None:
    """Takes the groups with the factor 0 out of training, so that no gradient is computed for them.

    Raises:
      UserError: If nothing is left to train.
    """
    variables: Iterable[Any] = list(model.trainable_variables)
    for variable in variables:
        variable.trainable = factor_of(variable, factors) > 0.0
    if not model.trainable_variables:
        raise UserError(
            "train.rate_factors must leave something to train; received 0 for embeddings, shared "
            "and head; raise one of them"
        )
