"""The dimensions and options of an ALBERT checkpoint, read from the configs of three frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import UserError

LAYER_NORM_EPSILON = 1e-12
"""Fixed in KerasHub's ALBERT, in the original, and in every published config."""

_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_new",
    "gelu_pytorch_tanh": "gelu_new",
    "gelu_fast": "gelu_new",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
}
"""By transformers' name, the name of the same function in models.albert."""

_TF1_ACTIVATIONS = {"gelu": "gelu_new", "relu": "relu", "tanh": "tanh"}
"""The original's `gelu` is the approximation by tanh, which transformers calls `gelu_new`."""

_SIZES = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "embedding_dim": "embedding_size",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
}
_DEFAULTED = {
    "num_groups": ("num_hidden_groups", 1),
    "num_inner_repetitions": ("inner_group_num", 1),
    "max_positions": ("max_position_embeddings", 512),
    "num_segments": ("type_vocab_size", 2),
    "dropout": ("hidden_dropout_prob", 0.0),
    "attention_dropout": ("attention_probs_dropout_prob", 0.0),
    "classifier_dropout": ("classifier_dropout_prob", 0.1),
    "initializer_range": ("initializer_range", 0.02),
}
_ONLY = {
    "model_type": "albert",
    "position_embedding_type": "absolute",
    "layer_norm_eps": LAYER_NORM_EPSILON,
    "down_scale_factor": 1,
    "net_structure_type": 0,
    "gap_size": 0,
    "is_decoder": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
"""Keys of a config that change the model, and the one value that the model here computes."""
_EMPTY = ("pruned_heads", "quantization_config")


@dataclass(frozen=True)
class Architecture:
    """What must be known of a checkpoint beside its tensors.

    Attributes:
      vocabulary_size: Ids of the tokenizer.
      num_layers: How often a group is applied, over all groups.
      num_heads: Attention heads.
      embedding_dim: Width of the embeddings.
      hidden_dim: Width of the layers.
      intermediate_dim: Width inside the feed-forward blocks.
      num_groups: Groups of layers with weights of their own.
      num_inner_repetitions: Layers of a group.
      max_positions: Longest input in tokens.
      num_segments: Ids of segments.
      hidden_act: Activation; `gelu` is the exact one, `gelu_new` the approximation by tanh.
      dropout: Of embeddings and of the outputs of attention and feed-forward blocks.
      attention_dropout: Of attention probabilities.
      classifier_dropout: Before a classifier.
      initializer_range: Standard deviation of random weights.
    """

    vocabulary_size: int
    num_layers: int
    num_heads: int
    embedding_dim: int
    hidden_dim: int
    intermediate_dim: int
    num_groups: int = 1
    num_inner_repetitions: int = 1
    max_positions: int = 512
    num_segments: int = 2
    hidden_act: str = "gelu_new"
    dropout: float = 0.0
    attention_dropout: float = 0.0
    classifier_dropout: float = 0.1
    initializer_range: float = 0.02

    @classmethod
    def from_hugging_face(cls, config: Mapping[str, Any]) -> Architecture:
        """Reads the `config.json` of transformers.

        Raises:
          UserError: If something in it is missing, or cannot be honoured; all of it is named.
        """
        return _read(cls, config, _ACTIVATIONS, default_act="gelu_new")

    @classmethod
    def from_tf1(cls, config: Mapping[str, Any]) -> Architecture:
        """Reads the original's `albert_config.json`.

        Raises:
          UserError: If something in it is missing, or cannot be honoured; all of it is named.
        """
        return _read(cls, config, _TF1_ACTIVATIONS, default_act="gelu")

    def to_hugging_face(self) -> dict[str, Any]:
        """Returns the part of transformers' `config.json` that says what the model computes."""
        named = {theirs: getattr(self, ours) for ours, theirs in _SIZES.items()}
        named |= {theirs: getattr(self, ours) for ours, (theirs, _) in _DEFAULTED.items()}
        return named | {
            "model_type": "albert",
            "hidden_act": self.hidden_act,
            "layer_norm_eps": LAYER_NORM_EPSILON,
        }


def _read(
    cls: type[Architecture],
    config: Mapping[str, Any],
    activations: Mapping[str, str],
    *,
    default_act: str,
) -> Architecture:
    activation = config.get("hidden_act", default_act)
    problems = [
        *_missing(config),
        *_not_honoured(config),
        *_impossible(config),
        *(
            [f"hidden_act must be one of {', '.join(activations)}; received {activation!r}"]
            if activation not in activations
            else []
        ),
    ]
    if problems:
        raise UserError(
            "the config of the weights must be one that ALBERT here can honour; "
            f"{'; '.join(problems)}; import other weights"
        )
    values = {ours: config[theirs] for ours, theirs in _SIZES.items()}
    for ours, (theirs, default) in _DEFAULTED.items():
        given = config.get(theirs)
        values[ours] = default if given is None else given
    return cls(**values, hidden_act=activations[activation])


def _missing(config: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} must be a positive whole number; received {config.get(name)!r}"
        for name in _SIZES.values()
        if not _is_count(config.get(name))
    ] + [
        f"{name} must be a positive whole number; received {config[name]!r}"
        for name in ("num_hidden_groups", "inner_group_num", "max_position_embeddings")
        if name in config and not _is_count(config[name])
    ]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _not_honoured(config: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} must be {only!r}; received {config[name]!r}"
        for name, only in _ONLY.items()
        if config.get(name) is not None and config[name] != only
    ] + [f"{name} must be unset; received {config[name]!r}" for name in _EMPTY if config.get(name)]


def _impossible(config: Mapping[str, Any]) -> list[str]:
    """Returns which sizes do not divide each other; groups of unlike length are no groups here."""
    pairs = (("hidden_size", "num_attention_heads"), ("num_hidden_layers", "num_hidden_groups"))
    return [
        f"{whole} must be a multiple of {part}; received {config[whole]} and {config[part]}"
        for whole, part in pairs
        if _is_count(config.get(whole))
        and _is_count(config.get(part))
        and config[whole] % config[part]
    ]
