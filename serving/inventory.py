"""What is published under a model base: each version, where it comes from, and which is live."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.model_info import ModelInfo, read_model_info
from serving.control.release import Release, read_release
from serving.versions import SAVED_MODEL_FILE, list_versions, live_version


class PublishedModel(BaseModel):
    """One version.

    Attributes:
      version: Its number.
      path: Its folder.
      live: Whether it is the one that answers.
      role: What it is served as: `live`, `before`, `canary 5 %`; empty where it is not served.
      info: Its record: name, labels, metrics, code version, data, run, time; None without one.
      problem: Why it cannot be served or traced; empty where it can.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    path: Path
    live: bool
    role: str = ""
    info: ModelInfo | None = None
    problem: str = ""


def list_models(model_base: Path) -> list[PublishedModel]:
    """Returns the versions under `model_base`, lowest first; none where nothing is published."""
    live = live_version(model_base)
    release = read_release(model_base)
    return [
        _published(
            version,
            path,
            live=version == live,
            role=_role(version, live, release),
        )
        for version, path in list_versions(model_base).items()
    ]


def _role(version: int, live: int | None, release: Release | None) -> str:
    if release is None:  # the highest is served, and no other
        return "live" if version == live else ""
    return release.role(version)


def _published(version: int, path: Path, *, live: bool, role: str) -> PublishedModel:
    info, problem = None, ""
    try:
        info = read_model_info(path)
        problem = "" if info else "it has no record: another tool published it"
    except (OSError, ValidationError) as error:
        problem = f"its record cannot be read; {error}"
    if not (path / SAVED_MODEL_FILE).is_file():
        problem = f"it holds no {SAVED_MODEL_FILE}: TensorFlow Serving cannot load it"
    return PublishedModel(
        version=version, path=path, live=live, role=role, info=info, problem=problem
    )
