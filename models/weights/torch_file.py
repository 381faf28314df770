"""Reads PyTorch's `.bin` files without PyTorch, and without running anything that is in them.

A `.bin` is a pickle, and an ordinary unpickler runs what a pickle names. This one admits only the
names that a dictionary of tensors needs, and makes plain records of them; any other name is
refused. Both formats are read: the zip archive of PyTorch 1.6 and later, and the run of pickles
before it, in which the first published ALBERT weights are. See `torch/serialization.py`.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from models.weights.tensors import StoredTensor, Tensors, unreadable
from schemas.errors import UserError

_DTYPES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
_COUNT_BYTES = 8
"""In the old format, the number of elements stands before those of each storage."""
_UNREADABLE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    NotImplementedError,  # zipfile, of a compression or encryption that it does not know
)
_WANTED = "a whole PyTorch file of tensors"


@dataclass(frozen=True)
class _Storage:
    """A run of numbers in the file, by its key."""

    key: str
    dtype: np.dtype


@dataclass(frozen=True)
class _View:
    """A tensor: a part of a storage, in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_file(path: Path) -> Tensors:
    """Opens a `.bin` file; tensors are read when they are asked for.

    Raises:
      UserError: If it is none, is cut off, or holds something else than tensors.
    """
    try:
        if zipfile.is_zipfile(path):
            views, read = _open_archive(path)
        else:
            views, read = _open_legacy(path)
    except _UNREADABLE as error:
        raise unreadable(path, _WANTED, error) from error
    if not isinstance(views, dict) or not all(isinstance(v, _View) for v in views.values()):
        raise unreadable(path, _WANTED, TypeError("it holds something else than named tensors"))
    return {
        name: StoredTensor(view.shape, partial(_load, path, view, read))
        for name, view in views.items()
    }


_Read = Callable[[_Storage], np.ndarray]


def _load(path: Path, view: _View, read: _Read) -> np.ndarray:
    try:
        storage = read(view.storage)
        last = view.offset + sum(
            (size - 1) * stride for size, stride in zip(view.shape, view.strides, strict=True)
        )
        if min(view.strides, default=0) < 0 or view.offset < 0 or last >= storage.size:
            raise ValueError("a tensor reaches beyond its storage")
    except _UNREADABLE as error:
        raise unreadable(path, _WANTED, error) from error
    return np.lib.stride_tricks.as_strided(
        storage[view.offset :],
        view.shape,
        [stride * storage.itemsize for stride in view.strides],
        writeable=False,
    )


class _TensorUnpickler(pickle.Unpickler):
    """Makes records of tensors, and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        }
        if module == "torch" and name in _DTYPES:
            return _dtype(_DTYPES[name])
        if (module, name) not in allowed:
            raise UserError(
                f"a .bin file must hold tensors only; received one that calls {module}.{name}, "
                "which is not run; convert it to .safetensors where you trust it"
            )
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("a storage was expected")
        return _Storage(str(key), dtype)


def _dtype(name: str) -> np.dtype:
    import ml_dtypes

    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: Any, strides: Any, *_options: Any
) -> _View:
    return _View(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(view: _View, *_options: Any) -> _View:
    return view


def _open_archive(path: Path) -> tuple[Any, _Read]:
    """Opens the zip format: `NAME/data.pkl`, and a file for each storage in `NAME/data/`."""
    with zipfile.ZipFile(path) as archive:
        (pickled,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        root = pickled.removesuffix("data.pkl")
        if (
            f"{root}byteorder" in archive.namelist()
            and archive.read(f"{root}byteorder") != b"little"
        ):
            raise ValueError("its numbers are big-endian")
        with archive.open(pickled) as stream:
            views = _TensorUnpickler(stream).load()

    def read(storage: _Storage) -> np.ndarray:
        with zipfile.ZipFile(path) as archive:
            return np.frombuffer(archive.read(f"{root}data/{storage.key}"), storage.dtype)

    return views, read


def _open_legacy(path: Path) -> tuple[Any, _Read]:
    """Opens the format before PyTorch 1.6: five pickles, then the storages one after another."""
    with path.open("rb") as stream:
        magic, version = (_TensorUnpickler(stream).load() for _ in range(2))
        if magic != _LEGACY_MAGIC or version != _LEGACY_VERSION:
            raise ValueError("it is no PyTorch file")
        _TensorUnpickler(stream).load()  # sizes of C types on the machine that wrote it
        views = _TensorUnpickler(stream).load()
        keys = _TensorUnpickler(stream).load()
        dtypes = {view.storage.key: view.storage.dtype for view in views.values()}
        places = _places(stream, [str(key) for key in keys], dtypes)

    def read(storage: _Storage) -> np.ndarray:
        offset, count = places[storage.key]
        return np.fromfile(path, storage.dtype, count, offset=offset)

    return views, read


def _places(
    stream: BinaryIO, keys: list[str], dtypes: dict[str, np.dtype]
) -> dict[str, tuple[int, int]]:
    """Returns where in the file each storage starts, and its number of elements."""
    end = stream.seek(0, 1), stream.seek(0, 2)
    position, size = end
    places = {}
    for key in keys:
        stream.seek(position)
        count = int.from_bytes(stream.read(_COUNT_BYTES), "little")
        places[key] = position + _COUNT_BYTES, count
        position += _COUNT_BYTES + count * dtypes[key].itemsize
        if position > size:
            raise EOFError("it is cut off")
    return places
