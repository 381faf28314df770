"""Reads an original checkpoint of google-research/albert: TF1 variables by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.weights.architecture import Architecture
from models.weights.checkpoint import Checkpoint, WeightsInfo, default_labels
from models.weights.heads import CLASSIFIER, FIXED_OUTPUTS, MLM, QA_OUTPUTS, SOP, head_tensors
from models.weights.names import TF1_PREFIX, NamedTensor, backbone_tensors, pooler_tensors
from models.weights.tensors import (
    StoredTensor,
    Tensors,
    check_tensors,
    read_json,
    read_tf1_checkpoint,
)
from models.weights.vocabulary import read_vocabulary
from schemas.errors import UserError

CONFIG_FILE = "albert_config.json"
VOCABULARY_FILES = ("30k-clean.model", "spiece.model", "assets/30k-clean.model", "*.model")
_PREFIXES = ("model.ckpt*.index", "*.ckpt*.index", "variables/variables.index", "*.index")
_NO_WEIGHTS = re.compile(
    r"/(adam|lamb)_[mv](_\d+)?$|/(Adam|LAMB|AdamWeightDecay)(Optimizer)?(_\d+)?$"
    r"|^(global_step|beta[12]_power|signal_early_stopping)"
)
"""What training leaves in a checkpoint beside the weights."""

_HUB_PREFIX = "module/"
"""Before every name in a module of TF-Hub."""


def is_tf1(folder: Path) -> bool:
    """Returns whether `folder` holds an original checkpoint."""
    return any(any(folder.glob(pattern)) for pattern in _PREFIXES)


def open_tf1(
    folder: Path, vocabulary: Path | None = None, config_file: Path | None = None
) -> Checkpoint:
    """Opens an original checkpoint.

    Args:
      folder: Holds `albert_config.json`, `model.ckpt-*` and the SentencePiece model, as unpacked
        from an archive of the authors, or `variables/` and `assets/` of a TF-Hub module with the
        config beside them.
      vocabulary: SentencePiece model, where the folder has none.
      config_file: The config, where the folder has none.

    Raises:
      UserError: If a file is missing or unreadable, the config cannot be honoured, or the tensors
        are not those that it says.
    """
    size = Architecture.from_tf1(read_json(config_file or folder / CONFIG_FILE))
    found = _weights(read_tf1_checkpoint(_latest_prefix(folder)))
    heads = _heads(found)
    num_labels = heads.get(CLASSIFIER, 0)
    expected = [*backbone_tensors(size), *pooler_tensors(size)]
    head_names = [
        tensor for head, outputs in heads.items() for tensor in head_tensors(head, size, outputs)
    ]
    check_tensors(
        str(folder),
        {tensor.tf1: tensor.tf1_shape for tensor in [*expected, *head_names]},
        {name: tensor.shape for name, tensor in found.items()},
    )
    info = WeightsInfo(
        layout="TF1",
        heads=heads,
        labels=default_labels(num_labels) if num_labels > 1 else (),
        classifier_dropout=size.classifier_dropout,
        initializer_range=size.initializer_range,
    )
    return Checkpoint(
        size,
        info,
        _readers(expected, found),
        _readers(head_names, found),
        read_vocabulary(folder, VOCABULARY_FILES, size.vocabulary_size, vocabulary),
    )


def _latest_prefix(folder: Path) -> str:
    """Returns the path of the checkpoint with the highest step, without `.index`."""
    found = next(paths for pattern in _PREFIXES if (paths := list(folder.glob(pattern))))
    return str(max(found, key=lambda path: (_step(path.name), path.name))).removesuffix(".index")


def _step(name: str) -> int:
    """Returns the step in the name of a checkpoint.

    >>> _step("model.ckpt-125000.index"), _step("model.ckpt-best.index")
    (125000, 0)
    """
    match = re.search(r"-(\d+)\.index$", name)
    return int(match[1]) if match else 0


def _weights(tensors: Tensors) -> Tensors:
    """Returns the weights, by name without prefix."""
    names = {name: name.removeprefix(_HUB_PREFIX).removeprefix(TF1_PREFIX) for name in tensors}
    return {short: tensors[name] for name, short in names.items() if not _NO_WEIGHTS.search(name)}


def _heads(found: Mapping[str, StoredTensor]) -> dict[str, int]:
    """Returns the number of outputs of each head that the tensors hold."""
    heads = {MLM: 0} if "cls/predictions/output_bias" in found else {}
    for head, name in (
        (SOP, "cls/seq_relationship/output_bias"),
        (CLASSIFIER, "output_bias"),
        (QA_OUTPUTS, "cls/squad/output_bias"),
    ):
        if name in found:
            if len(found[name].shape) != 1:
                raise UserError(
                    f"{name} must be a vector; received the shape {found[name].shape}; give a "
                    "checkpoint of google-research/albert"
                )
            heads[head] = FIXED_OUTPUTS.get(head, found[name].shape[0])
    return heads


def _readers(named: list[NamedTensor], found: Tensors) -> dict[str, Any]:
    def reader(tensor: NamedTensor, stored: StoredTensor) -> Any:
        return lambda: tensor.from_tf1(stored.read())

    return {tensor.variable: reader(tensor, found[tensor.tf1]) for tensor in named}
