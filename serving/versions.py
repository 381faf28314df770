"""The versions under a model base, as TensorFlow Serving sees them, and how a new one comes to be.

TensorFlow Serving polls the folder and takes every child whose name is a number for a version; it
can load a half-copied one and replace a good one with it. So a version is copied to the side and
renamed, which is atomic. Nothing heavy is imported.
"""

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import UserError
from serving.control.release import read_release

STAGING_PREFIX = ".publishing-"
"""Start of the names of the side folders; no number, so TensorFlow Serving passes them by."""

SAVED_MODEL_FILE = "saved_model.pb"

_LOCK_FILE = "lock"
_STARTING_SECONDS = 60
"""A side folder younger than this may belong to a publisher that has not locked it yet."""
_MAX_VERSION = 2**63 - 1
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)

Complete = Callable[[Path, int], None]
"""Called with the staged folder and the number that it will get, to add what belongs inside."""


def list_versions(model_base: Path) -> dict[int, Path]:
    """Returns the folders of the versions by number, lowest first; none without a model base."""
    if not model_base.is_dir():
        return {}
    found = ((_version_number(child.name), child) for child in model_base.iterdir())
    return dict(sorted((number, child) for number, child in found if number and child.is_dir()))


def live_version(model_base: Path) -> int | None:
    """Returns the version that is live; None where there is none.

    It is the one that was promoted, where `albert-tfx promote` or one like it was given, else the
    highest, which TensorFlow Serving serves by itself.

    Raises:
      UserError: If what was decided cannot be read.
    """
    versions = list_versions(model_base)
    release = read_release(model_base)
    if release is None:
        return max(versions, default=None)
    return release.stable if release.stable in versions else None


def next_version(model_base: Path) -> int:
    """Returns the number of the next version; a plain file of that name takes a number too."""
    names = [child.name for child in model_base.iterdir()] if model_base.is_dir() else []
    return max((_version_number(name) or 0 for name in names), default=0) + 1


def version_dir(path: Path, version: int | None = None) -> Path:
    """Returns the folder of one SavedModel.

    Args:
      path: A model base, or the folder of a SavedModel itself.
      version: Number of a version; unset: the live one.

    Raises:
      UserError: If there is no such version.
    """
    if version is None and (path / SAVED_MODEL_FILE).is_file():
        return path
    versions = list_versions(path)
    if not versions:
        raise nothing_published(path)
    wanted = live_version(path) if version is None else version
    if wanted in versions:
        return versions[wanted]
    asked = "the live version, which is gone" if version is None else f"version {version}"
    raise UserError(
        f"the model base {path} holds the versions {', '.join(map(str, versions))}; received "
        f"{asked}; name one that is there"
    )


def nothing_published(path: Path) -> UserError:
    """Returns the error for a model base without a version, with what may be wrong."""
    said = f"no version is published under {path}"
    if not path.is_dir():
        said += ", and there is no such folder"
    inner = next((child for child in (path / "serving", path.parent) if list_versions(child)), None)
    if inner is not None:
        return UserError(f"{said}; did you mean {inner}?")
    return UserError(
        f"{said}; publish one with `albert-tfx run CONFIG`; where a run was refused, its run.json "
        "says why"
    )


def publish(source: Path, model_base: Path, complete: Complete) -> int:
    """Copies the SavedModel in `source` into the next version of `model_base`.

    Until the new version is complete, and whatever fails, what is served stays as it was.

    Args:
      source: Folder of a SavedModel.
      model_base: Folder of the versions; made where it is missing.
      complete: Adds to the copy before anyone can see it. It is called again, with the next
        number, when another publisher took the first one. What it raises goes up after the copy
        is removed.

    Returns:
      The number of the new version.

    Raises:
      FileNotFoundError: If `source` holds no SavedModel.
      UserError: If `model_base` cannot be written; nothing half-written is left there.
    """
    if not (source / SAVED_MODEL_FILE).is_file():
        raise FileNotFoundError(
            f"only a SavedModel can be published; {source} holds no {SAVED_MODEL_FILE}"
        )
    try:
        model_base.mkdir(parents=True, exist_ok=True)
        remove_leftovers(model_base)
        with _staging(model_base) as staging:
            staged = Path(shutil.copytree(source, staging / "version"))
            return _rename_into_place(staged, model_base, complete)
    except OSError as error:
        raise UserError(
            f"publish.model_base: {model_base} cannot be written ({_reason(error)}); "
            "what is served stays as it was; free space or mend its permissions, "
            "or choose another with --set publish.model_base=FOLDER"
        ) from error


def remove_leftovers(model_base: Path) -> None:
    """Removes the side folders of killed publishers; living ones hold a lock on theirs."""
    for staging in model_base.glob(f"{STAGING_PREFIX}*"):
        if _is_leftover(staging):
            shutil.rmtree(staging, ignore_errors=True)


def _is_leftover(staging: Path) -> bool:
    try:
        age_seconds = time.time() - staging.stat().st_mtime
    except FileNotFoundError:  # its publisher has just finished
        return False
    return age_seconds > _STARTING_SECONDS and not _is_locked(staging / _LOCK_FILE)


def _version_number(name: str) -> int | None:
    """Returns the version that a child's name stands for, or None.

    >>> [_version_number(name) for name in ("7", "0012", "latest", "9223372036854775808")]
    [7, 12, None, None]
    """
    number = int(name) if name.isascii() and name.isdigit() else _MAX_VERSION + 1
    return number if number <= _MAX_VERSION else None


def _rename_into_place(staged: Path, model_base: Path, complete: Complete) -> int:
    while True:
        version = next_version(model_base)
        if version > _MAX_VERSION:
            raise OSError(errno.ERANGE, f"{_MAX_VERSION} is the last version number there is")
        complete(staged, version)
        _flush(staged)
        try:
            staged.rename(model_base / str(version))
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            continue
        _flush_one(model_base)
        return version


@contextmanager
def _staging(model_base: Path) -> Iterator[Path]:
    """Yields a locked side folder in `model_base`, and removes it with all that is still in it."""
    staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=model_base))
    try:
        with (staging / _LOCK_FILE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _is_locked(path: Path) -> bool:
    try:
        with path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # held by another publisher, or a file system that cannot tell
        return True
    return False


def _flush(folder: Path) -> None:
    """Makes everything in `folder` survive a power cut: a version that is there must be whole."""
    for directory, _, files in os.walk(folder):
        for name in files:
            _flush_one(Path(directory, name))
        _flush_one(Path(directory))


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    """Returns the cause in words; shutil.Error carries a list of (source, target, message)."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2])
    return error.strerror or str(error)
