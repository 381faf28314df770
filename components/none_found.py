"""Outputs that stand for nothing: Kubeflow knows no empty input, so a step must have made one."""

from __future__ import annotations

from pathlib import Path

from tfx import types

from schemas import features as keys


def mark_none(output: types.Artifact) -> None:
    """Makes an output that says that nothing was found."""
    Path(output.uri).mkdir(parents=True, exist_ok=True)
    output.set_int_custom_property(keys.NONE_FOUND, 1)


def is_none(artifact: types.Artifact) -> bool:
    """Returns whether an artifact says that nothing was found."""
    return bool(artifact.get_int_custom_property(keys.NONE_FOUND))
