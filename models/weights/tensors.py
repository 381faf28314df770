"""Tensors of a checkpoint by name, read one at a time: xxlarge must not be in memory twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schemas.errors import UserError

Shape = tuple[int, ...]
_REASON_LENGTH = 200


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that is read when it is asked for.

    Attributes:
      shape: Its shape in the file.
      load: Reads it.
    """

    shape: Shape
    load: Callable[[], np.ndarray]

    def read(self) -> np.ndarray:
        """Returns the value, float32, whatever the file keeps."""
        return np.asarray(self.load()).astype(np.float32, copy=False)


Tensors = dict[str, StoredTensor]


def read_safetensors(path: Path) -> Tensors:
    """Opens a `.safetensors` file.

    Raises:
      UserError: If it is no such file, or one that is cut off.
    """
    import ml_dtypes  # noqa: F401 - gives NumPy bfloat16
    import safetensors

    try:
        stored: Any = safetensors.safe_open(str(path), "np")
        names = list(stored.keys())
        shapes = {name: tuple(stored.get_slice(name).get_shape()) for name in names}
    except (OSError, safetensors.SafetensorError) as error:
        raise unreadable(path, "a whole .safetensors file", error) from error
    return {
        name: StoredTensor(shape, lambda name=name: stored.get_tensor(name))
        for name, shape in shapes.items()
    }


def read_index(path: Path, read: Callable[[Path], Tensors]) -> Tensors:
    """Opens a model that is cut into several files.

    Args:
      path: The index, JSON with `weight_map`, file by tensor.
      read: Opens one of the files.

    Raises:
      UserError: If the index is none, or a file is missing or unreadable.
    """
    weight_map = read_json(path).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise unreadable(path, "an index with weight_map", ValueError("there is none"))
    files = sorted(set(weight_map.values()))
    if missing := [name for name in files if not (path.parent / name).is_file()]:
        raise UserError(
            f"every file of {path} must be there; {', '.join(missing)} is missing; copy the whole "
            "folder again"
        )
    tensors: Tensors = {}
    for name in files:
        tensors |= read(path.parent / name)
    return tensors


def read_tf1_checkpoint(prefix: str) -> Tensors:
    """Opens a TF1 checkpoint.

    Args:
      prefix: Path of its files without `.index` and `.data-...`.

    Raises:
      UserError: If it is none, or cut off.
    """
    import tensorflow as tf

    try:
        reader = tf.train.load_checkpoint(prefix)
        shapes = reader.get_variable_to_shape_map()
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise unreadable(Path(prefix), "a whole TF1 checkpoint", error) from error

    def load(name: str) -> np.ndarray:
        try:
            return reader.get_tensor(name)
        except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
            raise unreadable(Path(prefix), "a whole TF1 checkpoint", error) from error

    return {
        name: StoredTensor(tuple(shape), lambda name=name: load(name))
        for name, shape in shapes.items()
    }


def check_tensors(source: str, expected: Mapping[str, Shape], found: Mapping[str, Shape]) -> None:
    """Compares what a checkpoint holds with what its config says.

    Args:
      source: What it is called in the error.
      expected: Shape by name.
      found: Shape by name.

    Raises:
      UserError: If they differ; every missing, unexpected and misshaped tensor is in it.
    """
    both = sorted(expected.keys() & found.keys())
    misshaped = [name for name in both if expected[name] != found[name]]
    problems = [
        *_listed("missing", sorted(expected.keys() - found.keys())),
        *_listed("unexpected", sorted(found.keys() - expected.keys())),
        *_listed(
            "of another shape",
            [f"{name} is {_by(found[name])}, not {_by(expected[name])}" for name in misshaped],
        ),
    ]
    if problems:
        raise UserError(
            f"the tensors of {source} must be those that its config says; {'; '.join(problems)}; "
            "give the config that belongs to these weights"
        )


def read_json(path: Path) -> dict[str, Any]:
    """Returns a JSON object.

    Raises:
      UserError: If the file is missing or holds none.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, "a JSON object", error) from error
    if not isinstance(content, dict):
        raise unreadable(path, "a JSON object", TypeError(f"it holds {type(content).__name__}"))
    return content


def unreadable(path: Path, wanted: str, error: Exception) -> UserError:
    """Returns the error of a file that is not what it should be."""
    reason = (str(error).splitlines() or [type(error).__name__])[0][:_REASON_LENGTH]
    return UserError(
        f"{path} must be {wanted}; it cannot be read ({reason}); download or copy it again"
    )


def _listed(what: str, names: Sequence[str]) -> list[str]:
    return [f"{len(names)} {what}: {', '.join(names)}"] if names else []


def _by(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "a single number"
