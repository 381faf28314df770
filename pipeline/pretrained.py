"""Turns whatever `model.weights` of a config names into a preset folder, once."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.weights import hub
from schemas.errors import UserError

IMPORTED_FOLDER = "weights"
"""In the output folder of a run: imported weights, a folder each."""


def with_local_weights(config: RunConfig) -> RunConfig:
    """Returns `config` with `model.weights` naming a preset folder, imported if it was none.

    Args:
      config: Its `model.weights` is anything that `albert-tfx weights import` takes, or unset. What
        was imported before is taken again; a local folder that has changed is imported anew.

    Raises:
      UserError: If the weights cannot be found, or cannot be imported, or there are none of which
        `model.reuse` could take a part.
    """
    source = config.model.weights
    if source is None and config.model.reuse != "all":
        raise UserError(
            "model.reuse says what is taken of model.weights, which must be given; received "
            f"{config.model.reuse} and no weights; name them, or leave it out"
        )
    if source is None or is_local_preset(source):
        return config
    from models.weights.importing import import_weights

    destination = config.output_dir / IMPORTED_FOLDER / _folder_name(source)
    if not destination.is_dir():
        import_weights(source, destination, hub(), vocabulary=_given_vocabulary(config))
    model = config.model.model_copy(update={"weights": str(destination)})
    return config.model_copy(update={"model": model})


def is_local_preset(source: str) -> bool:
    """Returns whether `source` is a preset folder already, or one that only KerasHub can read."""
    from models.weights.preset import is_preset

    return source.startswith("gs://") or is_preset(Path(source))


def _given_vocabulary(config: RunConfig) -> Path | None:
    return None if config.vocabulary.model is None else Path(config.vocabulary.model)


def _folder_name(source: str) -> str:
    """Returns the name of the folder for `source`; of a local one it tells the state of its files.

    >>> _folder_name("albert/albert-base-v2")
    'albert--albert-base-v2'
    """
    name = re.sub(r"[^\w.-]+", "--", source).strip("-.")
    folder = Path(source).expanduser()
    if not folder.is_dir():
        return name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    digest = hashlib.sha256(repr(states).encode()).hexdigest()[:12]
    return f"{folder.resolve().name}-{digest}"
