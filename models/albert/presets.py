"""Presets of the backbone, in KerasHub's format; of KerasHub's class where that does the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import keras_hub
from keras_hub.src.utils.preset_utils import get_preset_loader

from models.albert.activations import is_keras_hub_activation

if TYPE_CHECKING:
    from models.albert.backbone import AlbertBackbone

_CONFIG_FILE = "config.json"
_OWN_ARGUMENTS = ("hidden_act", "attention_dropout", "gradient_checkpointing")


def load_preset(
    cls: type[AlbertBackbone], preset: str, *, load_weights: bool, **kwargs: Any
) -> AlbertBackbone:
    """Loads a preset as `cls`, whether KerasHub's AlbertBackbone or `cls` wrote it.

    Raises:
      ValueError: If it is a preset of something else.
    """
    loader = get_preset_loader(preset)
    found = loader.check_backbone_class()
    if not issubclass(found, keras_hub.models.AlbertBackbone):
        raise ValueError(
            f"an ALBERT preset must be of {cls.__name__}; received one of {found.__name__}; give "
            "the folder of an ALBERT preset"
        )
    loader.config = {**loader.config, **_class_entries(cls)}
    return loader.load_backbone(cls, load_weights, **kwargs)


def save_preset(backbone: AlbertBackbone, directory: str) -> None:
    """Names KerasHub's class in a preset that `backbone` wrote, where that computes the same.

    Gradient checkpointing changes no result, and is left out.
    """
    same_dropout = backbone.attention_dropout in (None, backbone.dropout)
    if not (is_keras_hub_activation(backbone.hidden_act) and same_dropout):
        return
    path = Path(directory, _CONFIG_FILE)
    saved = json.loads(path.read_text("utf-8"))
    for name in _OWN_ARGUMENTS:
        del saved["config"][name]
    saved |= _class_entries(keras_hub.models.AlbertBackbone)
    path.write_text(json.dumps(saved, indent=4), "utf-8")


def _class_entries(cls: type) -> dict[str, str]:
    """Returns the entries of a Keras config that say which class it is of."""
    return {
        "module": cls.__module__,
        "class_name": cls.__name__,
        "registered_name": keras.saving.get_registered_name(cls),
    }
