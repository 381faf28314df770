"""What is live, as decided: the stable version, the one before it, the canary and its share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from schemas.errors import UserError

RELEASE_FILE: Final = "release.json"
"""In the model base; TensorFlow Serving passes by every name that is no number."""


class Canary(BaseModel):
    """A version on trial.

    Attributes:
      version: Its number.
      percent: Its share of the requests that pass the gateway.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: PositiveInt
    percent: Annotated[float, Field(ge=0.0, le=100.0)]


class Release(BaseModel):
    """Which versions are served, and as what.

    Attributes:
      model: Name of the served model.
      base_path: The model base as the server sees it.
      stable: The version that is live.
      previous: The one that was live before, kept loaded so that labels move without a gap and a
        rollback takes no time; None where its number is higher: TensorFlow Serving answers requests
        without a version or label from the highest number that it holds.
      canary: The version on trial; None: none.
      rolled_back: Versions that were taken back; the same model is not published again by itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    base_path: str
    stable: PositiveInt
    previous: PositiveInt | None = None
    canary: Canary | None = None
    rolled_back: tuple[int, ...] = ()

    @property
    def served(self) -> tuple[int, ...]:
        """The versions that a server holds, lowest first."""
        versions = (self.stable, self.previous, self.canary and self.canary.version)
        return tuple(sorted({version for version in versions if version is not None}))

    @property
    def labels(self) -> dict[str, int]:
        """Version by label."""
        return {"stable": self.stable} | ({"canary": self.canary.version} if self.canary else {})

    def role(self, version: int) -> str:
        """Returns what `version` is served as: live, before, canary 5 %, or nothing."""
        if self.canary is not None and version == self.canary.version:
            return f"canary {self.canary.percent:g} %"
        return {self.previous: "before", self.stable: "live"}.get(version, "")

    def promoted(self, version: int) -> Release:
        """Returns the release with `version` live; a canary ends."""
        if version == self.stable:
            before = self.previous
        else:
            before = self.stable if self.stable < version else None
        kept = tuple(number for number in self.rolled_back if number != version)
        return self._with(stable=version, previous=before, canary=None, rolled_back=kept)

    def version_before(self, lived: Sequence[int]) -> int | None:
        """Returns the version that a rollback makes live; None where none is known.

        One that was taken back is passed over, so that the second rollback goes further back, and
        not forth again.

        Args:
          lived: The versions that were live, the latest first.
        """
        passed = {None, self.stable, *self.rolled_back}
        return next((number for number in (*lived, self.previous) if number not in passed), None)

    def taken_back(self, to: int | None = None, *, lived: Sequence[int] = ()) -> Release:
        """Returns the release before the last change.

        Args:
          to: The version to go back to; None: a canary ends where there is one, else the version
            before is live again.
          lived: The versions that were live, the latest first.

        Raises:
          UserError: If there is no version before, or `to` is live, or higher and never was live.
        """
        if to is None and self.canary is not None:
            taken = (*self.rolled_back, self.canary.version)
            return self._with(canary=None, rolled_back=tuple(sorted(set(taken))))
        target = self.version_before(lived) if to is None else to
        if target is None:
            raise UserError(
                f"version {self.stable} is live and no version before it is known that was not "
                "taken back; name one with --to VERSION, or with `promote`"
            )
        if target == self.stable or (target > self.stable and target not in lived):
            raise UserError(
                f"a rollback goes to a version that was live before, or below the live one, "
                f"{self.stable}; received {target}; go up with `promote`"
            )
        before = self.stable if self.stable < target else None
        taken = {*self.rolled_back, self.stable} - {target}
        return self._with(
            stable=target, previous=before, canary=None, rolled_back=tuple(sorted(taken))
        )

    def with_canary(self, version: int, percent: float) -> Release:
        """Returns the release with `version` on trial.

        Raises:
          UserError: If it is live already.
        """
        if version == self.stable:
            raise UserError(f"version {version} is live already; choose another for the canary")
        kept = tuple(number for number in self.rolled_back if number != version)
        return self._with(canary=Canary(version=version, percent=percent), rolled_back=kept)

    def _with(self, **changes: object) -> Release:
        return Release.model_validate({**dict(self), **changes})


def read_release(model_base: Path) -> Release | None:
    """Returns what was decided for `model_base`; None where nothing was: then the highest is live.

    Raises:
      UserError: If the file cannot be read.
    """
    path = model_base / RELEASE_FILE
    try:
        return Release.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        raise UserError(
            f"{path} must say which version is live, and cannot be read; restore it from the last "
            "line of history.jsonl beside it, or remove it: then the highest version is live; "
            f"{error}"
        ) from error
