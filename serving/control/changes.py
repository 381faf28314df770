"""Changes of what is live: decided under a lock, written whole, kept in the history."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from schemas.errors import UserError
from serving.control.files import locked, write_atomically
from serving.control.history import Action, Change, lived, record
from serving.control.model_config import MODEL_CONFIG_FILE, read_text, render_model_config
from serving.control.release import RELEASE_FILE, Release, read_release
from serving.versions import SAVED_MODEL_FILE, list_versions, nothing_published


def promote(model_base: Path, version: int, *, action: Action = "promote", **why: Any) -> Release:
    """Makes `version` the live one; the one that was live stays loaded.

    Args:
      model_base: Folder of the versions.
      version: Its number.
      action: What the history calls it.
      **why: `by`, `reason` and `evidence` of the history.

    Raises:
      UserError: If there is no such version, or the files cannot be written.
    """
    return change(
        model_base, action, lambda release: release.promoted(version), needs=version, **why
    )


def rollback(model_base: Path, to: int | None = None, **why: Any) -> Release:
    """Takes the last change back: ends the canary, or makes the version before live again.

    The version before is the one that was live before this one, by the history, whatever its
    number; one that was taken back itself is passed over.

    Args:
      model_base: Folder of the versions.
      to: The version to go back to; None: the one before.
      **why: `by`, `reason` and `evidence` of the history.

    Raises:
      UserError: If there is none to go back to, or the files cannot be written.
    """
    return change(
        model_base,
        "rollback",
        lambda release: release.taken_back(to, lived=lived(model_base)),
        needs=to,
        **why,
    )


def start_canary(model_base: Path, version: int, percent: float, **why: Any) -> Release:
    """Puts `version` on trial with a share of the requests.

    Args:
      model_base: Folder of the versions.
      version: Its number.
      percent: Share of the requests, 0 to 100.
      **why: `by`, `reason` and `evidence` of the history.

    Raises:
      UserError: If it is live already or is not there, or the files cannot be written.
    """
    return change(
        model_base,
        "canary",
        lambda release: release.with_canary(version, percent),
        needs=version,
        **why,
    )


def name_release(
    model_base: Path, *, model: str | None = None, base_path: str | None = None
) -> Release:
    """Writes down what is live, so that it stays so whatever is published.

    Args:
      model_base: Folder of the versions.
      model: Name of the served model; None: as it is, at first the name of the run's folder.
      base_path: The model base as the server sees it; None: as it is, at first its absolute path.

    Raises:
      UserError: If nothing is published, or the files cannot be written.
    """
    wanted = {"model": model, "base_path": base_path}
    given = {key: value for key, value in wanted.items() if value is not None}
    return change(model_base, "start", lambda release: release.model_copy(update=given))


def change(
    model_base: Path,
    action: Action,
    decide: Callable[[Release], Release],
    *,
    needs: int | None = None,
    by: str | None = None,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> Release:
    """Decides anew what is live, and writes it; nothing is written where nothing changes.

    Args:
      model_base: Folder of the versions.
      action: What the history calls it.
      decide: Returns the new release for the present one.
      needs: A version that must be there and whole.
      by: Who does it; None: the user of this process.
      reason: Why.
      evidence: The measurements behind it.

    Raises:
      UserError: If a version is missing, or the files cannot be written.
    """
    if not list_versions(model_base):
        raise nothing_published(model_base)
    try:
        with locked(model_base):
            before = read_release(model_base)
            present = before or first_release(model_base)
            after = decide(present)
            _require(model_base, after, needs)
            if after != before:
                config = render_model_config(after, read_text(model_base), was=present.model)
                write_atomically(model_base / RELEASE_FILE, after.model_dump_json(indent=2) + "\n")
                write_atomically(model_base / MODEL_CONFIG_FILE, config)
                now = datetime.now(timezone.utc)
                record(
                    model_base,
                    Change(
                        at=now,
                        action=action,
                        by=by or getpass.getuser(),
                        reason=reason,
                        before=present,
                        after=after,
                        evidence=dict(evidence or {}),
                    ),
                )
            return after
    except OSError as error:
        raise UserError(
            f"{model_base} cannot be written ({error.strerror}), so what is live may not have "
            "changed; free space or mend its permissions, and give the command again"
        ) from error


def first_release(model_base: Path) -> Release:
    """Returns what is live where nothing was decided: the highest version; there must be one."""
    base = model_base.absolute()
    name = base.parent.name if base.name == "serving" else base.name
    return Release(model=name, base_path=str(base), stable=max(list_versions(model_base)))


def _require(model_base: Path, release: Release, needs: int | None) -> None:
    """Checks that the versions that a server is told to load are there."""
    versions = list_versions(model_base)
    wanted = {release.stable, *([needs] if needs is not None else [])}
    for version in sorted(wanted):
        if version not in versions or not (versions[version] / SAVED_MODEL_FILE).is_file():
            raise UserError(
                f"{model_base} holds the versions {', '.join(map(str, versions))}; "
                f"version {version} is not there, or holds no {SAVED_MODEL_FILE}"
            )
