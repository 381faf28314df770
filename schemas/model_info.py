"""What a SavedModel says of itself: the record under `assets.extra/albert_tfx.json`."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from schemas.features import MODEL_INFO_FILE


class ModelInfo(BaseModel):
    """Where a model comes from and what it answers; written at export, completed at publish.

    Attributes:
      name: "albert", or the baseline's name ("majority", "tfidf").
      task: Name of the task, as in `task.name` of the config.
      labels: The labels in the order of `probabilities`; empty for tasks without labels.
      max_length: Longest input in tokens; longer text is cut.
      code_version: Hash of the code that trained it.
      data: Fingerprints of the data it was trained on, by split.
      fingerprint: Hash of graph, variables and assets, filled in by publish.
      metrics: Evaluation metrics overall, filled in by publish.
      version: Version number under the model base, filled in by publish.
      run_id: The run that published it, filled in by publish.
      published_at: UTC time in ISO 8601, filled in by publish.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    task: str
    labels: tuple[str, ...] = ()
    max_length: int | None = None
    code_version: str = ""
    data: Mapping[str, str] = Field(default_factory=dict)
    fingerprint: str = ""
    metrics: Mapping[str, float] = Field(default_factory=dict)
    version: int | None = None
    run_id: str = ""
    published_at: str = ""


def model_info_path(model_dir: str | Path) -> Path:
    """Returns where the record of the SavedModel in `model_dir` stands."""
    return Path(model_dir) / "assets.extra" / MODEL_INFO_FILE


def read_model_info(model_dir: str | Path) -> ModelInfo | None:
    """Returns the record of the SavedModel in `model_dir`; None where another tool exported it."""
    path = model_info_path(model_dir)
    return ModelInfo.model_validate_json(path.read_text("utf-8")) if path.is_file() else None


def write_model_info(model_dir: str | Path, info: ModelInfo) -> None:
    """Writes `info` into the SavedModel in `model_dir`."""
    path = model_info_path(model_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(info.model_dump_json(indent=2) + "\n", "utf-8")
