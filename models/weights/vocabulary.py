"""The SentencePiece model of a checkpoint, checked against its embedding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemas.errors import UserError


def read_vocabulary(
    folder: Path, names: Sequence[str], vocabulary_size: int, given: Path | None = None
) -> bytes:
    """Returns the content of a checkpoint's SentencePiece model.

    Args:
      folder: The checkpoint.
      names: Names that it may have there, the likeliest first.
      vocabulary_size: Rows of the embedding.
      given: A file outside the folder, which goes first.

    Raises:
      UserError: If there is none, it is no SentencePiece model of ALBERT's, or has another size.
    """
    from models.tokenizer import load_processor

    found = [path for name in names for path in sorted(folder.glob(name))]
    path = given or next(iter(found), None)
    if path is None or not path.is_file():
        raise UserError(
            f"the SentencePiece model of the weights must be given; received {path or folder}, "
            f"which has no {' or '.join(names)}; name it with --vocabulary FILE"
        )
    content = path.read_bytes()
    pieces = load_processor(content).get_piece_size()
    if pieces != vocabulary_size:
        raise UserError(
            f"the vocabulary must have as many pieces as the embedding has rows; {path} has "
            f"{pieces}, and the config says {vocabulary_size}; give the SentencePiece model of "
            "these weights with --vocabulary FILE"
        )
    return content
