"""The files that TensorFlow Serving reads at its start, in the folder of the versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format

from schemas.errors import UserError
from serving.control.changes import first_release
from serving.control.files import locked, write_atomically
from serving.control.model_config import MODEL_CONFIG_FILE, render_default_config
from serving.server.batch_options import BatchOptions
from serving.server.metrics import DEFAULT_PATH
from serving.server.text_protos import new_batching_parameters, new_monitoring_config

BATCHING_FILE: Final = "batching.config"
MONITORING_FILE: Final = "monitoring.config"

_ESTIMATED: Final = "# Estimated when the version was published"
"""Begins the batching parameters that may be replaced without asking: nobody chose them."""


@dataclass(frozen=True)
class ServingFiles:
    """Where the files are.

    Attributes:
      batching: BatchingParameters.
      monitoring: MonitoringConfig.
      models: ModelServerConfig.
    """

    batching: Path
    monitoring: Path
    models: Path

    @classmethod
    def of(cls, model_base: Path) -> ServingFiles:
        """Returns the files in a folder of versions."""
        names = (BATCHING_FILE, MONITORING_FILE, MODEL_CONFIG_FILE)
        return cls(*(model_base / name for name in names))

    def flags(self) -> str:
        """Returns the flags that name them, of `albert-tfx serve` as of tensorflow_model_server."""
        return (
            f"--model_config_file={self.models} --monitoring_config_file={self.monitoring} "
            f"--enable_batching --batching_parameters_file={self.batching}"
        )


def write_measured(model_base: Path, options: BatchOptions, note: str) -> ServingFiles:
    """Writes the parameters that were chosen from measurements, and the other files if missing.

    Args:
      model_base: Folder of the versions; there must be one.
      options: The parameters.
      note: What they are chosen from, a line.

    Raises:
      UserError: If the folder cannot be written.
    """
    return _write(model_base, options, f"# Measured by `albert-tfx tune-serving`: {note}\n")


def write_estimated(
    model_base: Path, options: BatchOptions, note: str, *, base_path: str | None = None
) -> ServingFiles:
    """Writes parameters that were estimated, unless there are better ones, and the other files.

    Args:
      model_base: Folder of the versions; there must be one.
      options: The parameters.
      note: What they are estimated from, a line.
      base_path: The model base as the server sees it; None: its absolute path.

    Raises:
      UserError: If the folder cannot be written.
    """
    head = f"{_ESTIMATED}: {note}\n# `albert-tfx tune-serving` measures them.\n"
    return _write(model_base, options, head, base_path)


def _write(
    model_base: Path, options: BatchOptions, head: str, base_path: str | None = None
) -> ServingFiles:
    files = ServingFiles.of(model_base)
    is_estimate = head.startswith(_ESTIMATED)
    try:
        with locked(model_base):
            if not is_estimate or _may_be_replaced(files.batching):
                write_atomically(files.batching, head + _batching_text(options))
            if not files.monitoring.exists():
                write_atomically(files.monitoring, _monitoring_text())
            if not files.models.exists():
                release = first_release(model_base)
                if base_path is not None:
                    release = release.model_copy(update={"base_path": base_path})
                write_atomically(files.models, render_default_config(release))
    except OSError as error:
        raise UserError(
            f"{model_base} cannot be written ({error.strerror}); free space or mend its "
            "permissions, and give the command again"
        ) from error
    return files


def _may_be_replaced(path: Path) -> bool:
    return not path.exists() or path.read_text("utf-8").startswith(_ESTIMATED)


def _batching_text(options: BatchOptions) -> str:
    parameters: Any = new_batching_parameters()
    for name in (
        "max_batch_size",
        "batch_timeout_micros",
        "max_enqueued_batches",
        "num_batch_threads",
    ):
        getattr(parameters, name).value = getattr(options, name)
    return text_format.MessageToString(parameters)


def _monitoring_text() -> str:
    config: Any = new_monitoring_config()
    config.prometheus_config.enable = True
    config.prometheus_config.path = DEFAULT_PATH
    return text_format.MessageToString(config)
