"""Finds the checkpoint that a name means, and opens it, whatever its layout."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path

from models.weights.architecture import Architecture
from models.weights.checkpoint import Checkpoint
from models.weights.hub import MODEL_ID, Hub
from models.weights.hugging_face import CONFIG_FILE, is_hugging_face, open_hugging_face
from models.weights.preset import VOCABULARY_FILE, is_preset, open_preset
from models.weights.tensors import read_json
from models.weights.tf1 import is_tf1, open_tf1
from schemas.errors import UserError

PUBLISHED = {
    f"albert-{size}-{version}": f"albert/albert-{size}-{version}"
    for version in ("v2", "v1")
    for size in ("base", "large", "xlarge", "xxlarge")
}
"""The authors' weights by the names of models.presets, with their ids on the Hugging Face hub."""

KERAS_HUB_NAMES = (
    "albert_base_en_uncased",
    "albert_large_en_uncased",
    "albert_extra_large_en_uncased",
    "albert_extra_extra_large_en_uncased",
)
_HUB_SCHEME = "hf://"
_KERAS_HUB_SCHEMES = ("kaggle://", "gs://", "modelscope://")

_LAYOUTS = (
    (is_preset, open_preset),
    (is_hugging_face, open_hugging_face),
    (is_tf1, open_tf1),
)


def open_checkpoint(source: str, hub: Hub, *, vocabulary: Path | None = None) -> Checkpoint:
    """Opens a checkpoint and checks that it is whole and can be honoured.

    Args:
      source: A folder (KerasHub preset, Hugging Face, TF1); a name of `PUBLISHED` or
        `KERAS_HUB_NAMES`; `OWNER/NAME` or `hf://OWNER/NAME` on the Hugging Face hub; a handle that
        KerasHub takes.
      hub: Where models of the hub come from.
      vocabulary: SentencePiece model, where the source has none.

    Raises:
      UserError: If there is no such checkpoint, or it is cut off, contradicts its config, or asks
        for what ALBERT here does not compute.
    """
    folder = find_folder(source, hub)
    return _opener(folder)(folder, vocabulary)


def check_source(source: str) -> None:
    """Checks what can be seen of a source in a moment: without network and without TensorFlow.

    Args:
      source: See `open_checkpoint`.

    Raises:
      UserError: If it is neither a folder of a known layout nor a name that a hub may have, or its
        config is of another model than ALBERT.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        if not _is_keras_hub(source):
            _model_id(source)
        return
    opener = _opener(folder)
    if opener is open_hugging_face:
        Architecture.from_hugging_face(read_json(folder / CONFIG_FILE))


def find_folder(source: str, hub: Hub) -> Path:
    """Returns the local folder of a source, downloaded where it is not there.

    Raises:
      UserError: If there is none of that name, or it cannot be fetched.
    """
    local = Path(source).expanduser()
    if local.is_dir():
        return local
    if _is_keras_hub(source):
        return _fetch_preset(source)
    model_id = _model_id(source)
    return hub.fetch(model_id, _near(model_id, PUBLISHED.values()))


def _opener(folder: Path) -> Callable[[Path, Path | None], Checkpoint]:
    """Returns what opens a folder, by the files in it."""
    for is_layout, opener in _LAYOUTS:
        if is_layout(folder):
            return opener
    raise UserError(
        "the source must be a KerasHub preset (model.weights.h5), a Hugging Face folder "
        "(model.safetensors or pytorch_model.bin) or a TF1 checkpoint (model.ckpt-*.index); "
        f"received {folder}, which holds {_content(folder)}; name the folder of the weights"
    )


def _is_keras_hub(source: str) -> bool:
    return source in KERAS_HUB_NAMES or source.startswith(_KERAS_HUB_SCHEMES)


def _model_id(source: str) -> str:
    """Returns the name on the Hugging Face hub that a source must be that is no folder.

    `weights/albert` is a wrong path where there is a folder `weights`, and a name where there is
    none; `hf://` in front says that it is a name.
    """
    model_id = PUBLISHED.get(source, source.removeprefix(_HUB_SCHEME))
    is_known = model_id != source or model_id in PUBLISHED.values()
    if MODEL_ID.fullmatch(model_id) and (is_known or not Path(source).parent.is_dir()):
        return model_id
    near = _near(source, [*PUBLISHED, *PUBLISHED.values(), *KERAS_HUB_NAMES]) or list(PUBLISHED)
    raise UserError(
        f"the source must be a folder, or the name of weights; received {source!r}, and there is "
        f"no such folder; near it: {', '.join(near)}; hf://OWNER/NAME is any name of the hub"
    )


def _near(name: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, [*known], n=3)


def _fetch_preset(handle: str) -> Path:
    """Returns the folder of a preset that KerasHub downloads."""
    from keras_hub.src.utils.preset_utils import get_file

    try:
        config = Path(get_file(handle, "config.json"))
        for name in ("metadata.json", "tokenizer.json", "model.weights.h5", VOCABULARY_FILE):
            get_file(handle, name)
        read_json(config)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(
            f"the preset {handle} must be fetched by KerasHub, which failed ({error}); connect to "
            "the network, or download it elsewhere and name its folder"
        ) from error
    return config.parent


def _content(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") or "nothing"
