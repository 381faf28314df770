"""The file formats, one module each; the module's name is the format's name in the config."""

import importlib
import pkgutil

from components.ingest.formats.base import Format

_SHARED = ("base", "delimited", "lines")


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


def format_of(path: str) -> str | None:
    """Returns the name of the format that claims the ending of `path`, `.gz` set aside, or None.

    >>> format_of("reviews.tsv.gz")
    'tsv'
    """
    stem = path.lower().removesuffix(".gz")
    return next(
        (name for name in format_names() if stem.endswith(create_format(name).endings)), None
    )
