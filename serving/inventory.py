"""What is published under a model base: each version, where it comes from, and which is live."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.model_info import ModelInfo, read_model_info
from serving.versions import SAVED_MODEL_FILE, list_versions, live_version


class PublishedModel(BaseModel):
    """One version.

    Attributes:
      version: Its number.
      path: Its folder.
      live: Whether TensorFlow Serving serves it by default.
      info: Its record: name, labels, metrics, code version, data, run, time; None without one.
      problem: Why it cannot be served or traced; empty where it can.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    path: Path
    live: bool
    info: ModelInfo | None = None
    problem: str = ""


def list_models(model_base: Path) -> list[PublishedModel]:
    """Returns the versions under `model_base`, lowest first; none where nothing is published."""
    live = live_version(model_base)
    return [
        _published(version, path, is_live=version == live)
        for version, path in list_versions(model_base).items()
    ]


def _published(version: int, path: Path, *, is_live: bool) -> PublishedModel:
    info, problem = None, ""
    try:
        info = read_model_info(path)
        problem = "" if info else "it has no record: another tool published it"
    except (OSError, ValidationError) as error:
        problem = f"its record cannot be read; {error}"
    if not (path / SAVED_MODEL_FILE).is_file():
        problem = f"it holds no {SAVED_MODEL_FILE}: TensorFlow Serving cannot load it"
    return PublishedModel(version=version, path=path, live=is_live, info=info, problem=problem)
