"""Writes a checkpoint as a folder of transformers, without transformers or PyTorch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.weights.checkpoint import Checkpoint, default_labels
from models.weights.heads import LABELLED, head_tensors
from models.weights.hugging_face import (
    CONFIG_FILE,
    SAFETENSORS_FILE,
    TOKENIZER_CONFIG_FILE,
)
from models.weights.hugging_face_classes import HuggingFaceClass, class_for_heads
from models.weights.names import HUGGING_FACE_PREFIX, backbone_tensors, pooler_tensors

VOCABULARY_FILE = "spiece.model"
_METADATA = {"format": "pt"}
"""transformers refuses a file that does not say which framework wrote it."""

_TOKENIZER_CONFIG: Mapping[str, Any] = {
    "tokenizer_class": "AlbertTokenizer",
    "do_lower_case": True,
    "keep_accents": False,
    "remove_space": True,
    "bos_token": "[CLS]",
    "eos_token": "[SEP]",
    "unk_token": "<unk>",
    "sep_token": "[SEP]",
    "pad_token": "<pad>",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}


def class_name(checkpoint: Checkpoint) -> str:
    """Returns the class of transformers that takes the weights and heads of a checkpoint."""
    return _class(checkpoint).name


def write_hugging_face(checkpoint: Checkpoint, folder: Path) -> None:
    """Writes a checkpoint into a folder that is there.

    Args:
      checkpoint: Backbone and heads; a fine-tuned one goes first, and a head for the order of
        sentences goes only with one for masked words, because no class of transformers takes the
        rest. Classes without a pooler get none.
      folder: Gets `config.json`, `model.safetensors`, `spiece.model`, `tokenizer_config.json`.

    Raises:
      OSError: If it cannot be written.
    """
    from safetensors.numpy import save_file

    save_file(_tensors(checkpoint), str(folder / SAFETENSORS_FILE), metadata=_METADATA)
    _write_json(folder / CONFIG_FILE, _config(checkpoint))
    _write_json(
        folder / TOKENIZER_CONFIG_FILE,
        {**_TOKENIZER_CONFIG, "model_max_length": checkpoint.architecture.max_positions},
    )
    (folder / VOCABULARY_FILE).write_bytes(checkpoint.vocabulary)


def _class(checkpoint: Checkpoint) -> HuggingFaceClass:
    return class_for_heads(checkpoint.info.heads)


def _tensors(checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns every tensor of the model's class by its name there."""
    size, info = checkpoint.architecture, checkpoint.info
    wanted = _class(checkpoint)
    # AlbertModel is the backbone itself; the others hold it as their attribute `albert`.
    prefix = HUGGING_FACE_PREFIX if wanted.heads else ""
    has_pooler = info.has_pooler and wanted.has_pooler
    backbone = [*backbone_tensors(size), *(pooler_tensors(size) if has_pooler else [])]
    tensors = {
        prefix + tensor.hugging_face: tensor.to_hugging_face(checkpoint.tensors[tensor.variable]())
        for tensor in backbone
    }
    for head in wanted.heads:
        for tensor in head_tensors(head, size, info.heads[head]):
            value = checkpoint.heads[tensor.variable]()
            tensors[tensor.hugging_face] = tensor.to_hugging_face(value)
    return tensors


def _config(checkpoint: Checkpoint) -> dict[str, Any]:
    info = checkpoint.info
    config = checkpoint.architecture.to_hugging_face() | {
        "architectures": [class_name(checkpoint)],
        "classifier_dropout_prob": info.classifier_dropout,
        "initializer_range": info.initializer_range,
        **_special_ids(checkpoint.vocabulary),
        "dtype": "float32",
        "torch_dtype": "float32",
    }
    if head := next((head for head in _class(checkpoint).heads if head in LABELLED), None):
        labels = info.labels or default_labels(info.heads[head])
        config["id2label"] = {str(index): label for index, label in enumerate(labels)}
        config["label2id"] = {label: index for index, label in enumerate(labels)}
        if info.problem_type:
            config["problem_type"] = info.problem_type
    return config


def _special_ids(vocabulary: bytes) -> dict[str, int]:
    from models.tokenizer import CLS_PIECE, PAD_PIECE, SEP_PIECE, load_processor

    processor = load_processor(vocabulary)
    names = {"pad_token_id": PAD_PIECE, "bos_token_id": CLS_PIECE, "eos_token_id": SEP_PIECE}
    return {name: processor.piece_to_id(piece) for name, piece in names.items()}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
