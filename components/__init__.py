"""The TFX components of the pipeline, one folder each: plain functions, PTransforms, component."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Returns an artifact type, which is looked up here by its type name; TFX is loaded for it."""
    if name not in ("Quarantine", "Vocabulary"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from components import artifacts

    return getattr(artifacts, name)
