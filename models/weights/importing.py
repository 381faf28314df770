"""Imports weights: any checkpoint in, a preset folder out, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.weights.checkpoint import Checkpoint
from models.weights.hub import Hub
from models.weights.preset import write_preset
from models.weights.sources import open_checkpoint
from schemas.errors import UserError


def import_weights(
    source: str, destination: Path, hub: Hub, *, vocabulary: Path | None = None
) -> Checkpoint:
    """Writes the weights of `source` as a preset that `model.weights` and KerasHub take.

    Args:
      source: See `models.weights.sources.open_checkpoint`.
      destination: Folder to make; it must be missing or empty.
      hub: Where models of the Hugging Face hub come from.
      vocabulary: SentencePiece model, where the source has none.

    Returns:
      What was imported.

    Raises:
      UserError: If the source cannot be imported, or the destination cannot be written.
    """
    check_destination(destination)
    checkpoint = open_checkpoint(source, hub, vocabulary=vocabulary)
    with whole_folder(destination) as folder:
        write_preset(checkpoint, folder)
    return checkpoint


def check_destination(destination: Path) -> None:
    """Refuses to write over anything.

    Raises:
      UserError: If `destination` is there and no empty folder.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise UserError(
            f"the destination must be a new or empty folder; received {destination}, which holds "
            "something; choose another, or remove it"
        )


@contextmanager
def whole_folder(destination: Path) -> Iterator[Path]:
    """Yields a folder beside `destination`, which takes its name when the block has succeeded.

    Raises:
      UserError: If it cannot be written.
    """
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        side = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
        try:
            yield side
            side.chmod(0o755)
            side.replace(destination)
        finally:
            shutil.rmtree(side, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"{destination} must be written, which failed ({error}); free space or mend its "
            "permissions, or choose another folder"
        ) from error
