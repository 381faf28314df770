"""One run and one watcher at a time on one output folder, and a folder that can be written."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.remote.files import is_remote
from pipeline.config import RunConfig
from schemas.errors import UserError

MIN_FREE_BYTES = 256 * 1024**2


def check_local(config: RunConfig) -> None:
    """Checks that what a run here needs as plain files is on this machine.

    Raises:
      UserError: With every key that names a place elsewhere, one line each.
    """
    given = {
        "output": config.output,
        "vocabulary.model": config.vocabulary.model,
        "validation.schema_file": config.validation.schema_file,
        "metadata.file": config.metadata.file,
    }
    elsewhere = [f"{key}: {path}" for key, path in given.items() if path and is_remote(path)]
    if elsewhere:
        rule = (
            "these must be on this machine; copy the files here (what may be on a bucket: the "
            "files of ingest, pipeline_root, publish.model_base):"
        )
        raise UserError("\n  ".join([rule, *elsewhere]))


def prepare_output(output_dir: Path) -> None:
    """Makes the output folder and proves that it can be written.

    Raises:
      UserError: If it cannot be made or written, or too little space is left.
    """
    advice = "free it or choose another with --set output=FOLDER"
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output_dir) as probe:
            probe.write(b"\0" * 4096)
        free = shutil.disk_usage(output_dir).free
    except OSError as error:
        raise UserError(
            f"output: {output_dir} cannot be written ({error.strerror}); {advice}"
        ) from error
    if free < MIN_FREE_BYTES:
        raise UserError(
            f"output: {output_dir} needs at least {MIN_FREE_BYTES >> 20} MiB of free space, "
            f"received {free >> 20} MiB; {advice}"
        )


@contextmanager
def sole_run(output_dir: Path) -> Iterator[None]:
    """Holds the output folder for this run.

    Raises:
      UserError: If another run holds it.
    """
    advice = "wait for it, or give this run a folder of its own with --set output=FOLDER"
    with _held(output_dir / ".lock", "run", advice):
        yield


@contextmanager
def sole_watch(output_dir: Path) -> Iterator[None]:
    """Holds the output folder for this watcher; its runs hold it for themselves.

    Raises:
      UserError: If another watcher holds it.
    """
    with _held(output_dir / ".watch.lock", "watcher", "leave it to that one, or stop it first"):
        yield


@contextmanager
def _held(path: Path, who: str, advice: str) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown process"
            raise UserError(
                f"output: another {who} ({holder}) is using {path.parent}; {advice}"
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
