"""TFRecord files by the hour: whole where they have their name, without TensorFlow to write them.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BufferedRandom
from pathlib import Path
from typing import Final

import google_crc32c

OPEN_SUFFIX: Final = ".open"
"""End of the name of a file that is written; readers match `*.tfrecord`."""

_HOUR: Final = "%Y%m%dT%H"
_LENGTH, _CRC = struct.Struct("<Q"), struct.Struct("<I")


def framed(record: bytes) -> bytes:
    """Returns a record as a TFRecord file holds it."""
    length = _LENGTH.pack(len(record))
    return b"".join((length, _masked_crc(length), record, _masked_crc(record)))


def whole_bytes(file: BufferedRandom) -> int:
    """Returns how many bytes from the start of a file are whole records."""
    end = 0
    for record_end in _record_ends(file):
        end = record_end
    return end


class HourlyFiles:
    """Appends records to the file of the present hour; a file that is done gets its name."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, and finishes what a gateway that was killed left.

        Raises:
          OSError: If it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file: BufferedRandom | None = None
        self._hour = ""
        for left in folder.glob(f"*{OPEN_SUFFIX}"):
            if not _is_alive(left):
                _finish(left.open("r+b"), left)

    def append(self, record: bytes, now: datetime | None = None) -> None:
        """Adds a record, whole or not at all.

        Raises:
          OSError: If it cannot be written; the file is as before, and the next one may be.
        """
        hour = (now or datetime.now(timezone.utc)).strftime(_HOUR)
        if hour != self._hour:
            self.close()
        file = self._file or self._open(hour)
        end = file.seek(0, os.SEEK_END)
        try:
            file.write(framed(record))
            file.flush()
        except OSError:
            self._take_back(file, end)
            raise

    def close(self) -> None:
        """Finishes the present file.

        Raises:
          OSError: If it cannot be renamed.
        """
        file, self._file, self._hour = self._file, None, ""
        if file is not None:
            _finish(file, Path(file.name))

    def _open(self, hour: str) -> BufferedRandom:
        stem = f"predictions-{hour}-{os.getpid()}"
        taken = len(list(self._folder.glob(f"{stem}-*")))
        self._file = (self._folder / f"{stem}-{taken}.tfrecord{OPEN_SUFFIX}").open("x+b")
        self._hour = hour
        return self._file

    def _take_back(self, file: BufferedRandom, end: int) -> None:
        """Cuts off half a record; what is still buffered would be written again, so reopens."""
        path = Path(file.name)
        os.truncate(path, end)
        raw = file.detach()  # without flushing
        raw.close()
        self._file = path.open("r+b")


def _finish(file: BufferedRandom, path: Path) -> None:
    """Cuts a file to its whole records, and gives it its name; one without records goes."""
    with file:
        file.flush()
        file.seek(0)
        end = whole_bytes(file)
        file.truncate(end)
        os.fsync(file.fileno())
    if end:
        path.rename(path.with_name(path.name.removesuffix(OPEN_SUFFIX)))
    else:
        path.unlink()


def _record_ends(file: BufferedRandom) -> Iterator[int]:
    while len(head := file.read(_LENGTH.size + _CRC.size)) == _LENGTH.size + _CRC.size:
        length, crc = head[: _LENGTH.size], head[_LENGTH.size :]
        if crc != _masked_crc(length):
            return
        (size,) = _LENGTH.unpack(length)
        record = file.read(size)
        if len(record) < size or file.read(_CRC.size) != _masked_crc(record):
            return
        yield file.tell()


def _masked_crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return _CRC.pack((((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _is_alive(path: Path) -> bool:
    """Returns whether the process in a file's name still runs."""
    pid = int(path.name.split("-")[2])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()
