"""The file formats, one module each; the module's name is the format's name in the config."""

import importlib
import pkgutil
from collections.abc import Sequence

from components.ingest.formats.base import Format

_SHARED = ("base", "delimited", "json_stream", "lines")


def format_names() -> tuple[str, ...]:
    """Returns the names of the formats there are."""
    return tuple(
        sorted(
            module.name for module in pkgutil.iter_modules(__path__) if module.name not in _SHARED
        )
    )


def create_format(name: str) -> Format:
    """Makes the format of that name.

    Raises:
      ValueError: If there is no such format.
    """
    if name not in format_names():
        raise ValueError(f"format must be one of {', '.join(format_names())}; received {name!r}")
    return importlib.import_module(f"{__name__}.{name}").FORMAT()


def format_of(path: str, names: Sequence[str]) -> str | None:
    """Returns the first format of `names` that claims the ending of `path`, `.gz` set aside.

    >>> format_of("reviews.tsv.gz", ("csv", "tsv"))
    'tsv'
    >>> format_of("reviews.txt", ("csv", "tsv")) is None
    True
    """
    stem = path.lower().removesuffix(".gz")
    return next((name for name in names if stem.endswith(create_format(name).endings)), None)
