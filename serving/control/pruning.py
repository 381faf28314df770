"""Removes old versions, never one that is served."""

from __future__ import annotations

import shutil
from pathlib import Path

from serving.control.history import lived
from serving.control.release import read_release
from serving.versions import STAGING_PREFIX, list_versions


def protected_versions(model_base: Path) -> set[int]:
    """Returns the versions that stay: the live one, those that a rollback may take, the canary."""
    versions = list(list_versions(model_base))
    release = read_release(model_base)
    if release is None:
        return set(versions[-2:])
    below = [version for version in versions if version < release.stable]
    before = release.version_before(lived(model_base))
    return {*release.served, *below[-1:], *([before] if before in versions else [])}


def prune(model_base: Path, keep: int) -> list[int]:
    """Removes the oldest versions.

    Args:
      model_base: Folder of the versions.
      keep: How many stay, those that are served counted.

    Returns:
      The versions that were removed.

    Raises:
      OSError: If one cannot be removed; it is whole, or gone for every server.
    """
    versions = list_versions(model_base)
    protected = protected_versions(model_base)
    spare = [version for version in versions if version not in protected]
    removed = spare[: max(len(versions) - max(keep, len(protected)), 0)]
    for version in removed:
        # Renamed first: a server must never find half a version.
        aside = versions[version].rename(model_base / f"{STAGING_PREFIX}removed-{version}")
        shutil.rmtree(aside)
    return removed
