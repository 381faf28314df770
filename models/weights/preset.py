"""The folder that an import writes and a training reads: a KerasHub preset with its heads beside.

KerasHub's part is the backbone (`config.json`, `model.weights.h5`, `metadata.json`) and the
tokenizer (`tokenizer.json`, `assets/tokenizer/vocabulary.spm`). `weights.json` and
`heads.safetensors` hold labels and heads, which a preset of a backbone has no place for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.weights.architecture import Architecture
from models.weights.checkpoint import Checkpoint, Read, WeightsInfo
from models.weights.heads import head_tensors
from models.weights.names import backbone_tensors, pooler_tensors
from models.weights.tensors import check_tensors, read_json, read_safetensors, unreadable
from models.weights.vocabulary import read_vocabulary

if TYPE_CHECKING:
    from models.albert import AlbertBackbone

CONFIG_FILE = "config.json"
INFO_FILE = "weights.json"
HEADS_FILE = "heads.safetensors"
VOCABULARY_FILE = "assets/tokenizer/vocabulary.spm"
_WEIGHTS_FILES = ("model.weights.h5", "model.weights.json")
_SEED = 0
"""Of weights that a source does not have, such as the pooler of a model for masked words."""


def is_preset(folder: Path) -> bool:
    """Returns whether `folder` holds a KerasHub preset."""
    return any((folder / name).is_file() for name in _WEIGHTS_FILES)


def open_preset(folder: Path, vocabulary: Path | None = None) -> Checkpoint:
    """Opens a preset, of KerasHub or of an import or training here.

    Args:
      folder: The preset.
      vocabulary: SentencePiece model, where the folder has none.

    Raises:
      UserError: If it is no preset of ALBERT, or a file is missing or unreadable.
    """
    backbone = load_backbone(folder)
    size = architecture_of(backbone)
    info = read_info(folder) or WeightsInfo(layout="KerasHub")
    tensors = [*backbone_tensors(size), *pooler_tensors(size)]
    variables = {variable.path: variable for variable in backbone.variables}

    def reader(path: str) -> Read:
        return lambda: np.asarray(variables[path].numpy())

    return Checkpoint(
        size,
        info,
        {tensor.variable: reader(tensor.variable) for tensor in tensors},
        read_heads(folder, info, size),
        read_vocabulary(folder, (VOCABULARY_FILE,), size.vocabulary_size, vocabulary),
    )


def load_backbone(folder: Path) -> AlbertBackbone:
    """Loads the backbone of a preset, float32.

    Raises:
      UserError: If it is no preset of ALBERT, or is cut off.
    """
    from models.albert import AlbertBackbone

    try:
        return AlbertBackbone.from_preset(str(folder), dtype="float32")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(folder, "a whole KerasHub preset of ALBERT", error) from error


def architecture_of(backbone: AlbertBackbone) -> Architecture:
    """Returns the dimensions and options of a backbone."""
    same = (
        "vocabulary_size",
        "num_layers",
        "num_heads",
        "embedding_dim",
        "hidden_dim",
        "intermediate_dim",
        "num_groups",
        "num_inner_repetitions",
        "num_segments",
        "hidden_act",
        "dropout",
    )
    given = backbone.attention_dropout
    return Architecture(
        **{name: getattr(backbone, name) for name in same},
        max_positions=backbone.max_sequence_length,
        attention_dropout=backbone.dropout if given is None else given,
    )


def build_backbone(checkpoint: Checkpoint) -> AlbertBackbone:
    """Makes the backbone of a checkpoint, float32, reading one tensor at a time."""
    from models.albert import AlbertBackbone
    from models.backbone import initializers_seeded

    size = checkpoint.architecture
    with initializers_seeded(_SEED):
        backbone = AlbertBackbone(
            vocabulary_size=size.vocabulary_size,
            num_layers=size.num_layers,
            num_heads=size.num_heads,
            embedding_dim=size.embedding_dim,
            hidden_dim=size.hidden_dim,
            intermediate_dim=size.intermediate_dim,
            num_groups=size.num_groups,
            num_inner_repetitions=size.num_inner_repetitions,
            dropout=size.dropout,
            attention_dropout=size.attention_dropout,
            max_sequence_length=size.max_positions,
            num_segments=size.num_segments,
            hidden_act=size.hidden_act,
            dtype="float32",
        )
    variables = {variable.path: variable for variable in backbone.variables}
    for path, read in checkpoint.tensors.items():
        variables[path].assign(read())
    return backbone


def write_preset(checkpoint: Checkpoint, folder: Path) -> None:
    """Writes a checkpoint as a preset into a folder that is there.

    Raises:
      OSError: If it cannot be written.
    """
    import keras_hub

    build_backbone(checkpoint).save_to_preset(str(folder))
    keras_hub.models.AlbertTokenizer(proto=checkpoint.vocabulary).save_to_preset(str(folder))
    write_heads(folder, checkpoint.info, {name: read() for name, read in checkpoint.heads.items()})


def write_heads(folder: Path, info: WeightsInfo, heads: Mapping[str, np.ndarray]) -> None:
    """Writes what KerasHub has no place for into a preset.

    Args:
      folder: The preset.
      info: Labels and sizes.
      heads: Tensors by path, such as `classifier/kernel`.
    """
    from safetensors.numpy import save_file

    (folder / INFO_FILE).write_text(info.model_dump_json(indent=2) + "\n", "utf-8")
    if heads:
        contiguous = {name: np.ascontiguousarray(value) for name, value in heads.items()}
        save_file(contiguous, str(folder / HEADS_FILE))


def read_info(folder: Path) -> WeightsInfo | None:
    """Returns the record of a preset; None where KerasHub wrote it.

    Raises:
      UserError: If it is unreadable.
    """
    path = folder / INFO_FILE
    if not path.is_file():
        return None
    try:
        return WeightsInfo.model_validate(read_json(path))
    except ValueError as error:
        raise unreadable(path, "the record of imported weights", error) from error


def read_heads(folder: Path, info: WeightsInfo, size: Architecture) -> dict[str, Read]:
    """Returns how to read the heads that `info` names.

    Raises:
      UserError: If the file is missing or unreadable, or its tensors are others.
    """
    if not info.heads:
        return {}
    path = folder / HEADS_FILE
    stored = read_safetensors(path)
    expected: dict[str, Any] = {
        tensor.variable: tensor.shape
        for head, outputs in info.heads.items()
        for tensor in head_tensors(head, size, outputs)
    }
    check_tensors(str(path), expected, {name: value.shape for name, value in stored.items()})
    return {name: stored[name].read for name in expected}
