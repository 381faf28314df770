"""A bucket store in memory, registered with Beam as the real ones are: objects, no folders."""

import io
import itertools
from collections.abc import Callable
from typing import ClassVar

from apache_beam.io.filesystem import BeamIOError, FileMetadata, FileSystem

_clock = itertools.count(1)


class _Upload(io.BytesIO):
    """An object that is there, whole, when it is closed."""

    def __init__(self, store: Callable[[bytes], None]) -> None:
        super().__init__()
        self._store = store

    def close(self) -> None:
        if not self.closed:
            self._store(self.getvalue())
        super().close()


class Buckets(FileSystem):
    """`bucket://NAME/path`; a bucket that was not made does not exist, some refuse writes."""

    objects: ClassVar[dict[str, tuple[bytes, float]]] = {}
    names: ClassVar[set[str]] = set()
    read_only: ClassVar[set[str]] = set()
    log: ClassVar[list[tuple[str, str]]] = []
    fails_at: ClassVar[str] = ""

    @classmethod
    def scheme(cls):
        return "bucket"

    @classmethod
    def put(cls, uri: str, content: bytes) -> None:
        cls.objects[uri] = (content, float(next(_clock)))

    @classmethod
    def paths(cls, uri: str) -> set[str]:
        return {path.removeprefix(uri) for path in cls.objects if path.startswith(uri)}

    def has_dirs(self):
        return False

    def join(self, basepath, *paths):
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path):
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path):
        self._bucket(path)

    def _list(self, dir_or_prefix):
        self._bucket(dir_or_prefix)
        for path in sorted(self.objects):
            if path.startswith(dir_or_prefix):
                yield self.metadata(path)

    def create(self, path, mime_type="", compression_type=None):
        if self._bucket(path) in self.read_only:
            raise BeamIOError("Create failed", {path: PermissionError("403 no write access")})

        def store(content: bytes) -> None:
            if self.fails_at and path.endswith(self.fails_at):
                raise OSError("the connection broke off")
            self.log.append(("create", path))
            self.put(path, content)

        return _Upload(store)

    def open(self, path, mime_type="", compression_type=None):
        self._bucket(path)
        if path not in self.objects:
            raise BeamIOError("Open failed", {path: FileNotFoundError("404 no such object")})
        return io.BytesIO(self.objects[path][0])

    def copy(self, source_file_names, destination_file_names):
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            self.put(target, self.objects[source][0])

    def rename(self, source_file_names, destination_file_names):
        self.copy(source_file_names, destination_file_names)
        self.delete(source_file_names)

    def exists(self, path):
        self._bucket(path)
        return path in self.objects

    def size(self, path):
        return len(self.objects[path][0])

    def last_updated(self, path):
        return self.objects[path][1]

    def checksum(self, path):
        return str(hash(self.objects[path][0]))

    def metadata(self, path):
        return FileMetadata(path, self.size(path), self.last_updated(path))

    def delete(self, paths):
        for path in paths:
            self.log.append(("delete", path))
            if path.endswith("/"):  # as of a folder: all that is below it
                for below in [name for name in self.objects if name.startswith(path)]:
                    del self.objects[below]
            else:
                del self.objects[path]

    def _bucket(self, path: str) -> str:
        name = path.removeprefix("bucket://").partition("/")[0]
        if name not in self.names:
            raise BeamIOError("Bucket failed", {path: FileNotFoundError(f"404 no bucket {name}")})
        return name
