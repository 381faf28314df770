"""What `albert-tfx weights` and `albert-tfx export` do, and what they say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.console import make_console
from serving.quiet import silence_libraries

if TYPE_CHECKING:
    from models.weights.checkpoint import Checkpoint
    from models.weights.hub import Hub


def import_to(source: str, destination: Path, *, vocabulary: Path | None = None) -> None:
    """Imports weights and says what came along.

    Raises:
      UserError: If the source cannot be imported, or the destination cannot be written.
    """
    silence_libraries()
    from models.weights.importing import import_weights

    checkpoint = import_weights(source, destination, hub(), vocabulary=vocabulary)
    console = make_console()
    console.print(_described(checkpoint), soft_wrap=True, markup=False)
    if not checkpoint.info.has_pooler:
        console.print("the source has no pooler; its weights start random", soft_wrap=True)
    console.print(f"set model.weights: {destination}", soft_wrap=True, markup=False)


def export_to(source: str, destination: Path, *, vocabulary: Path | None = None) -> None:
    """Exports weights to transformers and says which class loads them.

    Raises:
      UserError: If the source cannot be opened, or the destination cannot be written.
    """
    silence_libraries()
    from models.weights.hugging_face_export import class_name, write_hugging_face
    from models.weights.importing import check_destination, whole_folder
    from models.weights.sources import open_checkpoint

    check_destination(destination)
    checkpoint = open_checkpoint(source, hub(), vocabulary=vocabulary)
    with whole_folder(destination) as folder:
        write_hugging_face(checkpoint, folder)
    console = make_console()
    console.print(_described(checkpoint), soft_wrap=True, markup=False)
    console.print(
        f'{class_name(checkpoint)}.from_pretrained("{destination}") loads it',
        soft_wrap=True,
        markup=False,
    )


def hub() -> Hub:
    """Returns the Hugging Face hub that the environment names, as huggingface_hub reads it."""
    from models.weights.hub import DEFAULT_ENDPOINT, Hub

    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    return Hub(
        cache=Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser(),
        endpoint=os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT,
        token=os.environ.get("HF_TOKEN", ""),
    )


def _described(checkpoint: Checkpoint) -> str:
    """Returns a checkpoint in one line."""
    size, info = checkpoint.architecture, checkpoint.info
    heads = ", ".join(info.heads) or "none"
    labels = f" ({', '.join(info.labels)})" if info.labels else ""
    return (
        f"{info.layout}: {size.num_layers} layers of width {size.hidden_dim}, "
        f"{size.vocabulary_size:,} pieces, {size.hidden_act}; heads: {heads}{labels}"
    )
