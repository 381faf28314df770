"""A model base on a bucket and its mirror here: what is published here appears there, whole.

No bucket renames a folder at once, which is how a version is published. So a version is published
into the mirror, and copied from there with its graph last: TensorFlow Serving takes a version whose
graph is not there for none it can load, and goes on serving the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from components.remote.files import (
    Stored,
    check_writable,
    delete,
    download,
    joined,
    list_folder,
    upload,
)
from schemas.errors import UserError
from serving.control.files import write_atomically
from serving.versions import SAVED_MODEL_FILE

STATE_FILE: Final = ".remote.json"
"""In the mirror: what both sides were when they were last the same."""


class _File(BaseModel):
    """A file that both sides had alike.

    Attributes:
      num_bytes: Its size.
      updated: When it was written there.
      modified_ns: When it was written here.
    """

    model_config = ConfigDict(frozen=True)

    num_bytes: int
    updated: float
    modified_ns: int


class _State(BaseModel):
    """The files that both sides had, by path."""

    model_config = ConfigDict(frozen=True)

    uri: str
    files: dict[str, _File] = {}


class Mirror:
    """One folder on a bucket, and its copy."""

    def __init__(self, uri: str, folder: Path) -> None:
        """Takes both sides.

        Args:
          uri: The folder on the bucket.
          folder: The copy; made where it is missing. What is in it and not there is removed.
        """
        self.uri = uri
        self.folder = folder

    def pull(self, key: str) -> None:
        """Makes the mirror what the bucket is.

        Args:
          key: Key of the config that names the bucket, for messages.

        Raises:
          UserError: If the bucket does not exist, or cannot be read or written.
        """
        check_writable(self.uri, key)
        there, _ = _whole(list_folder(self.uri))
        state = self._state()
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in self._local_files():
            if name not in there:
                (self.folder / name).unlink()
        self._remove_empty_folders()
        changed = [
            name
            for name, stored in there.items()
            if not self._is_known(state, name, stored) or not self._is_untouched(state, name)
        ]
        download({joined(self.uri, name): self.folder / name for name in changed})
        self._remember(there)

    def push(self) -> None:
        """Makes the bucket what the mirror is; nobody else may have changed it since the pull.

        Raises:
          UserError: If somebody has, or the bucket cannot be written. What it holds then can be
            served: no version there is half.
        """
        there, leftovers = _whole(list_folder(self.uri))
        state = self._state()
        if there.keys() != state.files.keys() or not all(
            self._is_known(state, name, stored) for name, stored in there.items()
        ):
            raise UserError(
                f"publish.model_base: {self.uri} was changed by another publisher during this run; "
                "run again: finished steps are taken from the cache"
            )
        delete(joined(self.uri, name) for name in leftovers)
        here = self._local_files()
        changed = [name for name in here if not self._is_untouched(state, name)]
        for part in _in_order(changed):
            upload({self.folder / name: joined(self.uri, name) for name in part})
        gone = [name for name in there if name not in here]
        for part in reversed(_in_order(gone)):
            delete(joined(self.uri, name) for name in part)
        self._remember(list_folder(self.uri))

    def _local_files(self) -> list[str]:
        """Returns the paths in the mirror; names that start with a dot are nobody's business."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        names = [path.relative_to(self.folder) for path in paths]
        return [
            name.as_posix()
            for name in names
            if not any(part.startswith(".") for part in name.parts)
        ]

    def _remove_empty_folders(self) -> None:
        for folder in sorted(self.folder.rglob("*"), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _state(self) -> _State:
        path = self.folder / STATE_FILE
        if path.is_file():
            state = _State.model_validate_json(path.read_bytes())
            if state.uri == self.uri:
                return state
        return _State(uri=self.uri)

    def _remember(self, there: dict[str, Stored]) -> None:
        files = {
            name: _File(
                num_bytes=stored.num_bytes,
                updated=stored.updated,
                modified_ns=(self.folder / name).stat().st_mtime_ns,
            )
            for name, stored in there.items()
        }
        state = _State(uri=self.uri, files=files)
        write_atomically(self.folder / STATE_FILE, state.model_dump_json() + "\n")

    @staticmethod
    def _is_known(state: _State, name: str, stored: Stored) -> bool:
        """Returns whether a file of the bucket is as it was."""
        known = state.files.get(name)
        return known is not None and (known.num_bytes, known.updated) == stored

    def _is_untouched(self, state: _State, name: str) -> bool:
        """Returns whether a file of the mirror is as it was."""
        known, path = state.files.get(name), self.folder / name
        return known is not None and path.is_file() and path.stat().st_mtime_ns == known.modified_ns


def _whole(files: Mapping[str, Stored]) -> tuple[dict[str, Stored], list[str]]:
    """Returns the files without those of half versions, and these: a push was killed there."""
    graphs = {name for name in files if name.endswith(f"/{SAVED_MODEL_FILE}")}
    half = [
        name
        for name in files
        if (version := name.partition("/")[0]).isdigit()
        and "/" in name
        and f"{version}/{SAVED_MODEL_FILE}" not in graphs
    ]
    return {name: stored for name, stored in files.items() if name not in set(half)}, half


def _in_order(names: Sequence[str]) -> tuple[list[str], ...]:
    """Returns the paths in the parts that they are written in: a server must find whole versions.

    First what versions hold beside their graph, then the graphs, then what says what is live.
    """
    in_versions = [name for name in names if "/" in name]
    graphs = [name for name in in_versions if name.endswith(f"/{SAVED_MODEL_FILE}")]
    others = [name for name in in_versions if name not in set(graphs)]
    return others, graphs, [name for name in names if "/" not in name]
