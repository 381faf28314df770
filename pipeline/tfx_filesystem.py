"""Lets TFX look at file systems that Beam knows and TensorFlow does not."""

from __future__ import annotations

from typing import ClassVar

from tfx.dsl.io import filesystem, filesystem_registry

from components.remote.files import list_folder

_PREFERRED = 0
"""Before TFX's own, which hand s3:// to TensorFlow whether it can read it or not."""


class BeamFiles(filesystem.Filesystem):
    """What TFX asks for an artifact that it may take from the cache: whether it is there."""

    SUPPORTED_SCHEMES: ClassVar[list[str]] = []

    @staticmethod
    def exists(path: filesystem.PathType) -> bool:
        """Returns whether there is a file below `path`."""
        return bool(list_folder(path if isinstance(path, str) else path.decode()))


def make_known(uri: str) -> None:
    """Registers the file system of `uri` with TFX, where TensorFlow has none for its scheme."""
    import tensorflow as tf

    scheme = uri.partition("://")[0]
    if scheme not in tf.io.gfile.get_registered_schemes():
        kind = type("BeamFiles", (BeamFiles,), {"SUPPORTED_SCHEMES": [f"{scheme}://"]})
        registry = filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY
        registry.register(kind, priority=_PREFERRED)
