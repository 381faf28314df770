"""Every change of what is live: when, by whom, why, from what to what."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from serving.control.files import append_line
from serving.control.release import Release, read_release
from serving.versions import list_versions

HISTORY_FILE: Final = "history.jsonl"

Action = Literal["start", "publish", "promote", "rollback", "canary"]


class Change(BaseModel):
    """One change.

    Attributes:
      at: When, in UTC.
      action: What was done; `start`: the version that was live was written down.
      by: The user, or `publish` and the run, or `canary --watch`.
      reason: Why.
      before: What was live; at the start, the highest version.
      after: What is live since.
      evidence: The measurements behind it, of a canary's verdict.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: datetime
    action: Action
    by: str
    reason: str = ""
    before: Release | None = None
    after: Release
    evidence: dict[str, Any] = {}


def record(model_base: Path, change: Change) -> None:
    """Adds a change to the history.

    Raises:
      OSError: If it cannot be written.
    """
    append_line(model_base / HISTORY_FILE, change.model_dump_json(exclude_defaults=True))


def lived(model_base: Path) -> list[int]:
    """Returns the versions that were live, the latest first, one as often as it was.

    Where nothing was decided, each was live from its publication to the next one.
    """
    if read_release(model_base) is None:
        return sorted(list_versions(model_base), reverse=True)
    return [
        release.stable
        for change in reversed(read_history(model_base))
        for release in (change.after, change.before)
        if release is not None
    ]


def read_history(model_base: Path) -> list[Change]:
    """Returns the changes, oldest first; a line that a full disk cut is left out."""
    path = model_base / HISTORY_FILE
    if not path.is_file():
        return []
    changes = []
    for line in path.read_text("utf-8").splitlines():
        try:
            changes.append(Change.model_validate_json(line))
        except ValidationError:  # noqa: PERF203 - each line by itself
            continue
    return changes
