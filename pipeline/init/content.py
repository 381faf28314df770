"""Whether a file holds text at all, and what to do about it when it does not."""

import os
import re
from pathlib import Path

from components.ingest.files import open_content
from schemas.errors import UserError

HEAD_BYTES = 1 << 18
_MAX_BAD_LINES = 0.02
_MAX_CONTROLS = 0.05
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\x1b")))

_KINDS: dict[bytes, str] = {
    b"PK\x03\x04": "a ZIP or Excel file; export the sheet as CSV (UTF-8), or unpack it",
    b"\xd0\xcf\x11\xe0": "an Excel file; export the sheet as CSV (UTF-8)",
    b"PAR1": "a Parquet file without the ending .parquet; rename it",
    b"%PDF": "a PDF file; extract its text to a TSV, CSV or JSONL file",
    b"\x1f\x8b": "a gzip file without the ending .gz; rename it",
    b"BZh": "a bzip2 file; unpack it: bunzip2 FILE",
    b"\xfd7zXZ": "an xz file; unpack it: unxz FILE",
    b"\xff\xfe": "UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8",
    b"\xfe\xff": "UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8",
}


def is_gzipped(path: Path) -> bool:
    """Returns whether ingest will read `path` as gzip: by its ending."""
    return path.name.lower().endswith(".gz")


def check_file(path: Path) -> None:
    """Refuses what is no readable file.

    Raises:
      UserError: If `path` is missing, a folder, not readable or empty.
    """
    if path.is_dir():
        raise UserError(
            f"{path} is a folder; give the files in it: {path}/train.tsv {path}/dev.tsv"
        )
    if not path.exists():
        raise UserError(
            f"there is no file {path}; check the path, which starts at the working directory"
        )
    if not path.is_file():
        raise UserError(
            f"{path} is no regular file, and is read more than once; save its content to a file "
            "first"
        )
    if not os.access(path, os.R_OK):
        raise UserError(
            f"{path} cannot be read by this user; change its permissions: chmod u+r {path}"
        )
    if not path.stat().st_size:
        raise UserError(f"{path} is empty; give a file with a text and a label a row")


def read_head(path: Path) -> bytes:
    """Returns the first lines of a file's content, about `HEAD_BYTES` in all.

    Raises:
      UserError: If it is a broken gzip file, or compressed nothing.
    """
    with open_content(str(path), gzipped=is_gzipped(path)) as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise UserError(
            f"{path} holds nothing once unpacked; give a file with a text and a label a row"
        )
    whole = head[: head.rfind(b"\n") + 1]
    return whole if len(head) == HEAD_BYTES and whole else head


def text_of(path: Path, head: bytes) -> str:
    """Returns the head of a text file as text; single bad lines are left to ingest's quarantine.

    Raises:
      UserError: If it is binary or in another encoding than UTF-8.
    """
    for start, kind in _KINDS.items():
        if head.startswith(start):
            raise UserError(f"{path} is {kind}")
    if len(head) - len(head.translate(None, _CONTROLS)) > _MAX_CONTROLS * len(head):
        raise UserError(
            f"{path} is a binary file; give TSV, CSV or JSONL text in UTF-8, or files named "
            ".tfrecord or .parquet"
        )
    lines = head.splitlines()
    bad = [line for line in lines if not _is_utf8(line)]
    if len(bad) > _MAX_BAD_LINES * len(lines):
        raise UserError(
            f"{path} must be UTF-8 text; {len(bad)} of its first {len(lines)} lines are "
            f"not{_encoding_hint(bad)}"
        )
    return head.decode("utf-8", "replace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _encoding_hint(bad: list[bytes]) -> str:
    """Returns how to convert, with a sample to see whether the guess is right.

    Windows-1252 is what Excel and older Western European exports write; other single-byte encodings
    cannot be told apart from it without knowing the language.
    """
    word = next(iter(re.findall(rb"[A-Za-z]*[\x80-\xff]+[A-Za-z]*", bad[0])), bad[0])
    sample = word[:30].decode("windows-1252", "replace")
    return (
        f". In Windows-1252 the first of them would read {sample!r}; if that is right, convert it: "
        "iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8. If not, name its encoding in place of "
        "WINDOWS-1252"
    )
