"""Checkpoints from which a killed run goes on to the very weights of an uninterrupted one.

A checkpoint is one NumPy archive: every variable of the model, with the seeds of its dropout, which
Keras' own weight files leave out; every variable of the optimizer; and the state of the run. It is
written to the side and renamed, so that a kill at any moment leaves a whole one. Folders may be
remote.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from models.training.state import TrainingState
from schemas.errors import AlbertTfxError, UserError

if TYPE_CHECKING:
    import keras

_CHECKPOINT_FILE = "checkpoint.npz"
_STATE = "state"


class CheckpointStore:
    """The checkpoint and the best weights of one run, in a folder of their own."""

    def __init__(self, directory: str) -> None:
        """Makes the folder where it is missing.

        Raises:
          UserError: If it cannot be made.
        """
        self.directory = directory
        with self._writing():
            tf.io.gfile.makedirs(directory)

    def save(self, model: keras.Model, state: TrainingState) -> None:
        """Replaces the checkpoint, and keeps the current weights apart where they are the best.

        Raises:
          UserError: If they cannot be written.
        """
        if state.best_step == state.step:
            self._write(self._best_file(state), _values("model", model.weights))
        arrays = _values("model", model.variables) | _values("optimizer", model.optimizer.variables)
        self._write(_CHECKPOINT_FILE, {_STATE: np.array(state.model_dump_json()), **arrays})
        self._remove_best_but(state)

    def restore(self, model: keras.Model) -> TrainingState | None:
        """Loads the checkpoint into a built, compiled model; None where there is none.

        Raises:
          AlbertTfxError: If the checkpoint is of another model.
        """
        if not tf.io.gfile.exists(self._path(_CHECKPOINT_FILE)):
            return None
        arrays = self._read(_CHECKPOINT_FILE)
        state = TrainingState.model_validate_json(str(arrays[_STATE]))
        self._assign("model", model.variables, arrays)
        self._assign("optimizer", model.optimizer.variables, arrays)
        return state

    def restore_best(self, model: keras.Model, state: TrainingState) -> None:
        """Loads the best weights into a model.

        Raises:
          AlbertTfxError: If they are of another model.
        """
        self._assign("model", model.weights, self._read(self._best_file(state)))

    def remove(self) -> None:
        """Deletes the folder: the run is over and its model exported."""
        tf.io.gfile.rmtree(self.directory)

    def _path(self, name: str) -> str:
        return posixpath.join(self.directory, name)

    @staticmethod
    def _best_file(state: TrainingState) -> str:
        # The step is in the name: a kill between this file and the checkpoint must not pair the
        # weights of one evaluation with the score of another.
        return f"best-{state.best_step}.npz"

    def _remove_best_but(self, state: TrainingState) -> None:
        for path in tf.io.gfile.glob(self._path("best-*.npz")):
            if posixpath.basename(path) != self._best_file(state):
                tf.io.gfile.remove(path)

    def _write(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        buffer = io.BytesIO()
        named: dict[str, Any] = dict(arrays)  # NumPy 2 types `savez` as if a name could be a flag
        np.savez(buffer, **named)
        unfinished = self._path(f"{name}.unfinished")
        with self._writing():
            with tf.io.gfile.GFile(unfinished, "wb") as stream:
                stream.write(buffer.getvalue())
            tf.io.gfile.rename(unfinished, self._path(name), overwrite=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except tf.errors.OpError as error:
            raise UserError(
                f"checkpoints must be written to {self.directory}; {error.message}; make room "
                "there, or set output to another folder"
            ) from error

    def _read(self, name: str) -> dict[str, np.ndarray]:
        with tf.io.gfile.GFile(self._path(name), "rb") as stream:
            content = io.BytesIO(stream.read())
        with np.load(content, allow_pickle=False) as archive:
            return dict(archive)

    def _assign(
        self, owner: str, variables: Sequence[Any], arrays: Mapping[str, np.ndarray]
    ) -> None:
        expected = {key: variable.shape for key, variable in _keyed(owner, variables)}
        found = {key: array.shape for key, array in arrays.items() if key.startswith(f"{owner}/")}
        if expected != found:
            differing = sorted(dict(expected.items() ^ found.items()))
            raise AlbertTfxError(
                f"a checkpoint must be of the model that is trained; {self.directory} differs in "
                f"{len(differing)} variables, such as {differing[0]}; delete that folder to start "
                "over"
            )
        for key, variable in _keyed(owner, variables):
            variable.assign(arrays[key])


def _keyed(owner: str, variables: Sequence[Any]) -> list[tuple[str, Any]]:
    """Returns variables with names that are unique, as paths need not be, in every process."""
    return [(f"{owner}/{index:04d}", variable) for index, variable in enumerate(variables)]


def _values(owner: str, variables: Sequence[Any]) -> dict[str, np.ndarray]:
    return {key: np.asarray(variable.numpy()) for key, variable in _keyed(owner, variables)}
