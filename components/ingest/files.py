"""Input files: this machine's through the standard library, `scheme://` ones through Beam."""

import glob
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from components.remote.files import explained_for, is_remote
from schemas.errors import UserError

_BUFFER_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


def absolute(path: str) -> str:
    """Returns `path` in a form that means the same in every working directory."""
    return path if is_remote(path) else os.path.abspath(os.path.expanduser(path))


def matching_files(pattern: str) -> list[str]:
    """Returns the files that `pattern` (a path or a glob) names, sorted."""
    if is_remote(pattern):
        from apache_beam.io.filesystems import FileSystems

        with explained_for(pattern):
            (match,) = FileSystems.match([pattern])
        return sorted(metadata.path for metadata in match.metadata_list)
    if os.path.isfile(pattern):  # before the glob: brackets are legal in a file's name
        return [pattern]
    return sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))


def file_size(path: str) -> int:
    """Returns the number of bytes of a file as it is stored."""
    if is_remote(path):
        from apache_beam.io.filesystems import FileSystems

        with explained_for(path):
            return FileSystems.match([path])[0].metadata_list[0].size_in_bytes
    return os.path.getsize(path)


def open_stored(path: str) -> BinaryIO:
    """Opens a file as it is stored: what is compressed stays compressed."""
    if is_remote(path):
        from apache_beam.io.filesystem import CompressionTypes
        from apache_beam.io.filesystems import FileSystems

        with explained_for(path):
            stored = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
        return cast(BinaryIO, stored)
    return open(path, "rb", buffering=_BUFFER_BYTES)


@contextmanager
def open_content(path: str, *, gzipped: bool = False, start: int = 0) -> Iterator[BinaryIO]:
    """Opens a file's content at byte `start`; a byte order mark at its beginning is skipped.

    Args:
      path: The file.
      gzipped: Whether it is stored as gzip; `start` must be 0 then.
      start: Position of the first byte to read.

    Raises:
      UserError: If the gzip stream is broken or cut short, from within the block.
    """
    with open_stored(path) as stored:
        raw = gzip.GzipFile(fileobj=stored) if gzipped else stored
        # GzipFile.readline runs in Python; a buffer over it reads lines in C.
        stream = io.BufferedReader(cast(io.RawIOBase, raw), _BUFFER_BYTES)
        try:
            if start:
                stream.seek(start)
            elif stream.peek(len(_BOM)).startswith(_BOM):
                stream.read(len(_BOM))
            yield cast(BinaryIO, stream)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError(
                f"{path} is no whole gzip file ({error}); compress it again, or drop the ending .gz"
            ) from error
