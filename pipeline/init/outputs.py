"""The files that init writes: never over something by accident, never half."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from schemas.errors import UserError


def schema_path(config_path: Path) -> Path:
    """Returns where the schema of a config stands: beside it.

    >>> schema_path(Path("configs/reviews.yaml")).name
    'reviews.pbtxt'
    """
    return config_path.with_suffix(".pbtxt")


def check_outputs(config_path: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Refuses to write over anything that matters.

    Raises:
      UserError: If the config or its schema exists and `force` is off, or is one of the input
        files.
    """
    if config_path.suffix not in (".yaml", ".yml"):
        raise UserError(f"the config must be named .yaml; received --output {config_path}")
    targets = (config_path, schema_path(config_path))
    read = {path.resolve() for path in inputs}
    for path in targets:
        if path.resolve() in read:
            raise UserError(
                f"{path} is one of the files to read; name another file: --output NAME.yaml"
            )
        if path.is_dir():
            raise UserError(f"{path} is a folder; name a file: --output NAME.yaml")
    existing = [str(path) for path in targets if path.exists()]
    if existing and not force:
        raise UserError(
            f"{' and '.join(existing)} must not be overwritten; name another config with --output "
            "NAME.yaml, or say --force"
        )


def write_outputs(texts: Mapping[Path, str]) -> None:
    """Writes each text beside its place and then renames all of them into their places.

    Raises:
      UserError: If the folder cannot be written to.
    """
    staged = {path.with_name(f".{path.name}.part"): path for path in texts}
    try:
        for part, path in staged.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(texts[path], "utf-8")
        for part, path in staged.items():
            os.replace(part, path)
    except OSError as error:
        for part in staged:
            with suppress(OSError):
                part.unlink()
        folder = next(iter(texts)).parent.absolute()
        raise UserError(
            f"the config cannot be written to {folder} ({error.strerror}); free it, or name "
            "another place with --output"
        ) from error
