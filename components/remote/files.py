"""Files of a bucket: listed, copied here and there, and told in words where they cannot be."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.errors import UserError

_COPIED_AT_ONCE: Final = 1 << 20
_NUM_THREADS: Final = 8
_PROBE_PREFIX: Final = ".albert-tfx-probe-"


class Stored(NamedTuple):
    """How a file is stored.

    Attributes:
      num_bytes: Its size.
      updated: When it was written, in seconds since 1970; 0.0 where the file system does not say.
    """

    num_bytes: int
    updated: float


def is_remote(path: str) -> bool:
    """Returns whether `path` is a URI such as gs://bucket/train.tsv."""
    return "://" in path


def joined(uri: str, name: str) -> str:
    """Returns the URI of `name` in the folder `uri`.

    >>> joined("gs://bucket/runs/", "a/b")
    'gs://bucket/runs/a/b'
    """
    return f"{uri.rstrip('/')}/{name}"


def list_folder(uri: str) -> dict[str, Stored]:
    """Returns every file below `uri` by its path there, sorted; none where there is nothing.

    Raises:
      UserError: If there is no such bucket, it cannot be read, or its scheme is not known.
    """
    from apache_beam.io.filesystems import FileSystems

    start = joined(uri, "")
    with explained_for(uri):
        (match,) = FileSystems.match([f"{start}**"])
    return {
        found.path.removeprefix(start): Stored(
            found.size_in_bytes, float(found.last_updated_in_seconds or 0.0)
        )
        for found in sorted(match.metadata_list, key=lambda found: found.path)
        if not found.path.endswith("/")  # some tools leave an empty object for a folder
    }


def download(files: Mapping[str, Path]) -> None:
    """Copies files here; each appears under its name when it is complete.

    Args:
      files: Where each goes, by its URI.

    Raises:
      UserError: If one cannot be read.
    """
    _copy_all(_download, files.items())


def upload(files: Mapping[Path, str]) -> None:
    """Copies files of this machine to URIs; a bucket shows each when it is complete.

    Raises:
      UserError: If one cannot be written.
    """
    _copy_all(_upload, files.items())


def delete(uris: Iterable[str]) -> None:
    """Removes files.

    Raises:
      UserError: If one cannot be removed.
    """
    from apache_beam.io.filesystems import FileSystems

    for uri in uris:
        with explained_for(uri):
            FileSystems.delete([uri])


def read_bytes(uri: str) -> bytes | None:
    """Returns the content of a file; None where there is none.

    Raises:
      UserError: If it cannot be read.
    """
    from apache_beam.io.filesystems import FileSystems

    with explained_for(uri):
        if not FileSystems.exists(uri):
            return None
        with _opened(uri) as stream:
            return stream.read()


@contextmanager
def local_folder(uri: str) -> Iterator[Path]:
    """Yields a folder of this machine with the files below `uri`: a copy for the time, if need be.

    Raises:
      UserError: If the bucket cannot be read.
    """
    if not is_remote(uri):
        yield Path(uri)
        return
    with tempfile.TemporaryDirectory(prefix="albert-tfx-") as name:
        download({joined(uri, path): Path(name, path) for path in list_folder(uri)})
        yield Path(name)


def check_writable(uri: str, key: str) -> None:
    """Proves that `uri` can be written, by a file that is taken away again.

    Args:
      uri: A folder.
      key: Key of the config that names it, for the message.

    Raises:
      UserError: If the bucket does not exist, refuses, or is of an unknown kind.
    """
    from apache_beam.io.filesystems import FileSystems

    probe = joined(uri, f"{_PROBE_PREFIX}{uuid.uuid4().hex}")
    try:
        with _created(probe) as stream:
            stream.write(b"albert-tfx\n")
        FileSystems.delete([probe])
    except Exception as error:  # each file system raises errors of its own
        raise UserError(
            f"{key}: {uri} cannot be written ({reason(error)}); make the bucket, give this "
            "account the right to write and to delete there, or choose another folder"
        ) from error


@contextmanager
def explained_for(uri: str) -> Iterator[None]:
    """Turns what a file system raises into an error that names the place and what to do.

    Raises:
      UserError: In the place of any other error.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # each file system raises errors of its own
        raise UserError(
            f"{uri} cannot be used ({reason(error)}); check its name, that the bucket exists, "
            "and that this account may read and write there"
        ) from error


def reason(error: Exception) -> str:
    """Returns what a file system complains of: Beam wraps it, with one error for each file."""
    details = getattr(error, "exception_details", None)
    if isinstance(details, Mapping) and details:
        error = next(iter(details.values()))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _copy_all(copy: Any, pairs: Iterable[tuple[Any, Any]]) -> None:
    with ThreadPoolExecutor(_NUM_THREADS) as pool:
        # A list: an error of any of them is raised here.
        list(pool.map(lambda pair: copy(*pair), pairs))


def _download(uri: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    with explained_for(uri), _opened(uri) as source, partial.open("wb") as target:
        shutil.copyfileobj(source, target, _COPIED_AT_ONCE)
    partial.replace(path)


def _upload(path: Path, uri: str) -> None:
    with explained_for(uri), path.open("rb") as source, _created(uri) as target:
        shutil.copyfileobj(source, target, _COPIED_AT_ONCE)


def _opened(uri: str) -> Any:
    """Opens a file as it is stored: by its ending, Beam would decompress it."""
    from apache_beam.io.filesystem import CompressionTypes
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)


def _created(uri: str) -> Any:
    from apache_beam.io.filesystem import CompressionTypes
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.create(uri, compression_type=CompressionTypes.UNCOMPRESSED)
