"""Reads a folder of transformers: AlbertModel and its models for tasks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.weights.architecture import Architecture
from models.weights.checkpoint import Checkpoint, WeightsInfo, default_labels
from models.weights.heads import (
    CLASSIFIER,
    FIXED_OUTPUTS,
    LABELLED,
    MLM,
    QA_OUTPUTS,
    SOP,
    head_tensors,
    hugging_face_bias,
)
from models.weights.hugging_face_classes import class_for_heads, class_named
from models.weights.names import HUGGING_FACE_PREFIX, NamedTensor, backbone_tensors, pooler_tensors
from models.weights.tensors import (
    StoredTensor,
    Tensors,
    check_tensors,
    read_index,
    read_json,
    read_safetensors,
)
from models.weights.torch_file import read_torch_file
from models.weights.vocabulary import read_vocabulary
from schemas.errors import UserError

CONFIG_FILE = "config.json"
VOCABULARY_FILES = ("spiece.model",)
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
SAFETENSORS_FILE = "model.safetensors"
WEIGHTS_FILES = (
    SAFETENSORS_FILE,
    f"{SAFETENSORS_FILE}.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""Where transformers keeps the tensors; the first one that is there is read."""

_TIED = {
    "predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "predictions.decoder.bias": "predictions.bias",
}
_BUFFERS = ("embeddings.position_ids", "embeddings.token_type_ids")


def is_hugging_face(folder: Path) -> bool:
    """Returns whether `folder` holds tensors as transformers keeps them."""
    return any((folder / name).is_file() for name in WEIGHTS_FILES)


def open_hugging_face(folder: Path, vocabulary: Path | None = None) -> Checkpoint:
    """Opens a folder of transformers.

    Args:
      folder: Holds `config.json`, the tensors, and `spiece.model`.
      vocabulary: SentencePiece model, where the folder has none.

    Raises:
      UserError: If a file is missing or unreadable, the config cannot be honoured, or the tensors
        are not those that it says.
    """
    config = read_json(folder / CONFIG_FILE)
    size = Architecture.from_hugging_face(config)
    found = _without_prefix(_open_tensors(folder))
    _check_tied(folder, found)
    heads = _heads(config, found)
    expected = backbone_tensors(size)
    pooler = pooler_tensors(size)
    has_pooler = any(tensor.hugging_face in found for tensor in pooler)
    expected += pooler if has_pooler else []
    head_names = [
        tensor for head, outputs in heads.items() for tensor in head_tensors(head, size, outputs)
    ]
    check_tensors(
        str(folder),
        {tensor.hugging_face: tensor.hugging_face_shape for tensor in [*expected, *head_names]},
        {
            name: tensor.shape
            for name, tensor in found.items()
            if name not in _TIED and name not in _BUFFERS
        },
    )
    info = WeightsInfo(
        layout=f"Hugging Face {_class_name(config) or 'AlbertModel'}",
        has_pooler=has_pooler,
        heads=heads,
        labels=_labels(config, heads),
        classifier_dropout=size.classifier_dropout,
        initializer_range=size.initializer_range,
        problem_type=config.get("problem_type") or "",
    )
    _check_tokenizer(folder)
    return Checkpoint(
        size,
        info,
        _readers(expected, found),
        _readers(head_names, found),
        read_vocabulary(folder, VOCABULARY_FILES, size.vocabulary_size, vocabulary),
    )


def _open_tensors(folder: Path) -> Tensors:
    path = next(folder / name for name in WEIGHTS_FILES if (folder / name).is_file())
    read = read_safetensors if ".safetensors" in path.name else read_torch_file
    return read_index(path, read) if path.suffix == ".json" else read(path)


def _without_prefix(tensors: Tensors) -> Tensors:
    return {name.removeprefix(HUGGING_FACE_PREFIX): tensor for name, tensor in tensors.items()}


def _readers(named: list[NamedTensor], found: Tensors) -> dict[str, Any]:
    def reader(tensor: NamedTensor, stored: StoredTensor) -> Any:
        return lambda: tensor.from_hugging_face(stored.read())

    return {tensor.variable: reader(tensor, found[tensor.hugging_face]) for tensor in named}


def _check_tied(folder: Path, found: Tensors) -> None:
    """Refuses a model whose output layer has weights of its own."""
    differing = [
        name
        for name, other in _TIED.items()
        if name in found
        and other in found
        and not np.array_equal(found[name].read(), found[other].read())
    ]
    if differing:
        raise UserError(
            f"the output layer of {folder} must share the weights of the embeddings; received "
            f"others in {', '.join(differing)}; import a model with tie_word_embeddings"
        )


def _heads(config: Mapping[str, Any], found: Tensors) -> dict[str, int]:
    """Returns the number of outputs of each head that the tensors hold."""
    named = class_named(_class_name(config))
    possible = (MLM, SOP, CLASSIFIER, QA_OUTPUTS)
    if named is not None and MLM not in named.heads:
        possible = named.heads
    heads = {}
    for head in possible:
        name = hugging_face_bias(head)
        if name in found:
            heads[head] = FIXED_OUTPUTS.get(head, (found[name].shape or (0,))[0])
    return heads


def _class_name(config: Mapping[str, Any]) -> str:
    names = config.get("architectures") or [""]
    return str(names[0])


def _labels(config: Mapping[str, Any], heads: Mapping[str, int]) -> tuple[str, ...]:
    """Returns the names of a classifier's outputs, of which transformers may keep none."""
    head = next(iter(class_for_heads(heads).heads), "")
    # One output is a score, and has no name that means anything.
    count = heads[head] if head in LABELLED and heads[head] > 1 else 0
    if not count:
        return ()
    by_id = config.get("id2label") or dict(enumerate(default_labels(count)))
    if sorted(map(str, by_id)) != sorted(map(str, range(count))):
        raise UserError(
            f"id2label must name each of the {count} outputs of the classifier; received "
            f"{by_id}; complete it in config.json"
        )
    labels = {str(key): str(value).strip() for key, value in by_id.items()}
    return tuple(labels[str(index)] for index in range(count))


def _check_tokenizer(folder: Path) -> None:
    """Refuses options under which the same text would have other ids than here."""
    path = folder / TOKENIZER_CONFIG_FILE
    if not path.is_file():
        return
    config = read_json(path)
    wanted = {"do_lower_case": True, "keep_accents": False, "remove_space": True}
    problems = [
        f"{name} must be {value}; received {config[name]}"
        for name, value in wanted.items()
        if config.get(name, value) is not value
    ]
    if problems:
        raise UserError(
            f"the tokenizer of {folder} must be the original's; {'; '.join(problems)}; import "
            "uncased weights"
        )
