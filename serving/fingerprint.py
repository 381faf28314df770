"""The fingerprint of a SavedModel: the same for the same graph, variables and assets."""

import hashlib
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_EXTRA = "assets.extra"
"""Notes beside the model, completed when it is published: no part of what it answers."""


def model_fingerprint(model_dir: Path) -> str:
    """Returns a hash of the names and contents of a SavedModel's files, 64 hexadecimal digits.

    Args:
      model_dir: Folder of the SavedModel; `assets.extra/` does not count.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in model_dir.rglob("*") if path.is_file()):
        name = path.relative_to(model_dir)
        if name.parts[0] == _EXTRA:
            continue
        digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()
