"""The input of a run: found, looked at, and fingerprinted before anything is started."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import BaseModel, ConfigDict

from components.ingest.bigquery.queries import QuerySource, look_at_queries, span_queries
from components.ingest.columns import resolve_columns
from components.ingest.config import IngestConfig
from components.ingest.files import (
    absolute,
    file_size,
    matching_files,
    open_content,
    open_stored,
)
from components.ingest.formats import create_format, format_of
from components.ingest.formats.base import SourceFile
from components.ingest.spans import SpanChoice, Spans, resolve_spans
from components.remote.files import is_remote
from models.tasks.base import Task
from schemas.errors import UserError

_SAMPLE_BYTES = 8192
_HASHED_AT_ONCE = 1 << 20
_MAX_CONTROL_SHARE = 0.05
"""Random bytes hold 10 % control characters and UTF-16 text 50 % NULs; text holds next to none."""
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\x1b")))
_SIGNATURES = {
    b"PK\x03\x04": "a ZIP or Excel file",
    b"\x1f\x8b": "a gzip file without the ending .gz",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class Sources(BaseModel):
    """The input files and queries of one run.

    Attributes:
      files: Every file, split by split, by path within a split.
      queries: Every query, likewise.
      span: Number of the newest span, 0 where nothing is numbered.
      spans: Every span that is trained on, oldest first; empty where nothing is numbered.
      fingerprints: Hash by split of the content of its files, or of the state of its tables.
    """

    model_config = ConfigDict(frozen=True)

    files: tuple[SourceFile, ...]
    queries: tuple[QuerySource, ...] = ()
    span: int = 0
    spans: tuple[int, ...] = ()
    fingerprints: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Hash of all input."""
        return _digest(
            f"{split}={value}".encode() for split, value in sorted(self.fingerprints.items())
        )


def resolve_sources(config: IngestConfig, task: Task) -> Sources:
    """Finds the files of `config`, checks that they can be read, and fingerprints them.

    Queries are checked by a dry run, which reads no rows.

    Args:
      config: File patterns, queries, columns and span.
      task: Says which columns there must be.

    Raises:
      UserError: If a file is missing, empty, binary, of unknown ending, or without a needed column,
        or if BigQuery refuses a query.
    """
    spans = find_spans(config)
    paths = {
        split: [path for pattern in patterns for path in _found(split, pattern)]
        for split, patterns in spans.patterns.items()
    }
    names = _short_names([path for found in paths.values() for path in found])
    files = tuple(
        _look_at(path, split, names[path], config, task)
        for split, found in paths.items()
        for path in found
    )
    queries, states = look_at_queries(spans, config, task)
    return Sources(
        files=files,
        queries=queries,
        span=spans.newest,
        spans=spans.numbers,
        fingerprints={**_fingerprints(files), **states},
    )


def find_spans(config: IngestConfig) -> Spans:
    """Returns the spans that a run of `config` would read now, their files and queries.

    Raises:
      UserError: If there is no such span, or one inside the window is missing.
    """
    marker = None if config.span_marker is None else absolute(config.span_marker)
    return resolve_spans(
        {split: absolute(pattern) for split, pattern in config.files.items()},
        SpanChoice(config.span, config.window, config.gaps, marker),
        span_queries(config),
    )


def _found(split: str, pattern: str) -> list[str]:
    """Returns the files of a split's pattern."""
    if not is_remote(pattern) and os.path.isdir(pattern):
        raise UserError(
            f"ingest.{split}: {pattern} is a folder; give a file, or a glob such as {pattern}/*.tsv"
        )
    if found := matching_files(pattern):
        return found
    what = (
        "no file matches"
        if any(character in pattern for character in "*?[")
        else "there is no file"
    )
    raise UserError(
        f"ingest.{split}: {what} {pattern}; check the path "
        "(relative paths start at the working directory)"
    )


def _format_name(path: str, split: str, config: IngestConfig, task: Task) -> str:
    """Returns the config's format, or the task's own that claims the ending of `path`."""
    if config.format != "auto":
        if config.format not in task.formats:
            raise UserError(
                f"ingest.format must be one that the task {task.name} reads: "
                f"{', '.join(task.formats)}; received {config.format}"
            )
        return config.format
    found = format_of(path, task.formats)
    if found is None:
        endings = ", ".join(
            ending for known in task.formats for ending in create_format(known).endings
        )
        raise UserError(
            f"ingest.{split}: the ending of {path} is none of {endings} (each also with .gz); "
            f"rename it, or set ingest.format to one of {', '.join(task.formats)}"
        )
    return found


def _look_at(path: str, split: str, name: str, config: IngestConfig, task: Task) -> SourceFile:
    """Returns what is needed to read a file, after a look at its beginning."""
    num_bytes = file_size(path)
    if not num_bytes:
        raise UserError(
            f"ingest.{split}: {path} is empty; give a file with rows, or take it out of the pattern"
        )
    format_name = _format_name(path, split, config, task)
    source_format = create_format(format_name)
    gzipped = path.lower().endswith(".gz")
    if source_format.text:
        _check_text(path, gzipped)
    layout = source_format.inspect(path, gzipped=gzipped, header=config.header)
    if not layout.num_rows:
        raise UserError(
            f"ingest.{split}: {path} has no rows{' below its header' if layout.names else ''}; "
            "give a file with rows"
        )
    return SourceFile(
        split=split,
        path=path,
        name=name,
        format=format_name,
        gzipped=gzipped,
        num_bytes=num_bytes,
        header=config.header,
        columns=resolve_columns(path, layout, source_format, config, task, split=split),
        width=layout.width,
        passage_length=config.passage_length,
        comment_prefix=config.comment_prefix,
    )


def _check_text(path: str, gzipped: bool) -> None:
    """Refuses a binary file, which would only show as thousands of rejected rows."""
    with open_content(path, gzipped=gzipped) as stream:
        sample = stream.read(_SAMPLE_BYTES)
    kind = next((kind for start, kind in _SIGNATURES.items() if sample.startswith(start)), None)
    num_controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if kind is None and num_controls > _MAX_CONTROL_SHARE * len(sample):
        kind = "binary"
    if kind is not None:
        raise UserError(
            f"{path} is no text file but {kind}; convert it to UTF-8 text, "
            "or name the file and ingest.format for what it is"
        )


def _short_names(paths: Sequence[str]) -> dict[str, str]:
    """Returns the shortest ending of each path, in whole parts, that no other path has.

    >>> _short_names(["/data/day-1/train.tsv", "/data/day-2/train.tsv"])["/data/day-2/train.tsv"]
    'day-2/train.tsv'
    """
    names: dict[str, str] = {}
    waiting, length = set(paths), 1
    while waiting:
        shortened = {path: "/".join(path.split("/")[-length:]) for path in waiting}
        counts = Counter(shortened.values())
        names |= {
            path: name for path, name in shortened.items() if counts[name] == 1 or name == path
        }
        waiting -= names.keys()
        length += 1
    return names


def _fingerprints(files: Sequence[SourceFile]) -> dict[str, str]:
    """Returns a hash by split of what its files hold and are named, wherever they lie."""
    with ThreadPoolExecutor() as pool:  # hashlib lets go of the interpreter lock
        hashes = list(pool.map(lambda file: _content_hash(file.path), files))
    return {
        split: _digest(
            f"{file.name}:{content};".encode()
            for file, content in zip(files, hashes, strict=True)
            if file.split == split
        )
        for split in dict.fromkeys(file.split for file in files)
    }


def _content_hash(path: str) -> str:
    with open_stored(path) as stream:
        return _digest(iter(lambda: stream.read(_HASHED_AT_ONCE), b""))


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()[:32]
