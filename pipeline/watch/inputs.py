"""What a run would be given, as a hash: it changes when someone mends the data or the config."""

from __future__ import annotations

import hashlib
import json
import os

from components.ingest.bigquery.queries import query_states
from components.ingest.files import file_size, is_remote, matching_files
from components.ingest.spans import Spans
from pipeline.config import RunConfig


def inputs_digest(config: RunConfig, spans: Spans) -> str:
    """Returns a hash of the config and of the states of files and tables, without reading them.

    Args:
      config: All but its section `watch` counts.
      spans: Where the files are.
    """
    files = [
        (path, *_state(path))
        for split in sorted(spans.patterns)
        for pattern in spans.patterns[split]
        for path in matching_files(pattern)
    ]
    tables = query_states(spans, config.ingest)
    inputs = [
        config.model_dump(mode="json", exclude={"watch"}),
        files,
        *([tables] if tables else []),
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def _state(path: str) -> tuple[int, ...]:
    """Returns the size of a file, and where this machine knows it, the time of its last change."""
    if is_remote(path):
        return (file_size(path),)
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns
