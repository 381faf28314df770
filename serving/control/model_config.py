"""The model config file that stock TensorFlow Serving reads, with the versions and their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format

from schemas.errors import UserError
from serving.control.release import Release

MODEL_CONFIG_FILE: Final = "models.config"


def render_model_config(release: Release, existing: str = "", *, was: str = "") -> str:
    """Returns the ModelServerConfig text proto for a release.

    Args:
      release: What is to be served.
      existing: The present file; the models in it that are not this one stay as they are, and so do
        further settings of this one.
      was: The model's name in the present file, where it is another.

    Raises:
      UserError: If `existing` is no ModelServerConfig.
    """
    config = _parsed(existing)
    models = config.model_config_list.config
    present = {model.name: model for model in models}
    model = present.get(release.model, present.get(was))
    if model is None:
        model = models.add(model_platform="tensorflow")
    model.name = release.model
    model.base_path = release.base_path
    model.model_version_policy.Clear()
    model.model_version_policy.specific.versions.extend(release.served)
    model.version_labels.clear()
    for label, version in release.labels.items():
        model.version_labels[label] = version
    return text_format.MessageToString(config)


def render_default_config(release: Release) -> str:
    """Returns the text proto where nothing was decided: the server takes the highest version."""
    config = _parsed("")
    config.model_config_list.config.add(
        name=release.model, base_path=release.base_path, model_platform="tensorflow"
    )
    return text_format.MessageToString(config)


def read_text(model_base: Path) -> str:
    """Returns the content of the model config file; nothing where there is none."""
    try:
        return (model_base / MODEL_CONFIG_FILE).read_text("utf-8")
    except FileNotFoundError:
        return ""


def _parsed(text: str) -> Any:
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    try:
        return text_format.Parse(text, config)
    except text_format.ParseError as error:
        raise UserError(
            f"{MODEL_CONFIG_FILE} must be a ModelServerConfig of TensorFlow Serving; {error}; "
            "mend it, or remove it to have it written anew"
        ) from error
